import { alertSchema, type Alert } from '../../contract/monitor.ts';
import { LineLog } from '../history/line-log.ts';

export const ALERT_CAPACITY = 2_000;

/** What fired and cleared, of all clusters. */
export class AlertLog extends LineLog<Alert> {
  static async open(file: string, onError: (error: unknown) => void): Promise<AlertLog> {
    const log = new AlertLog(file, alertSchema, ALERT_CAPACITY, onError);
    await log.load();
    return log;
  }
}
