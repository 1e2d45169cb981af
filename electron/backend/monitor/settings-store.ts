import { monitorSettingsSchema, type MonitorSettings } from '../../contract/monitor.ts';
import { ruleLimits, ruleNames } from '../../contract/monitor-rules.ts';
import { readJson, writeJson } from '../../../engine/supervisor/files.ts';

/** Every rule on at its normal threshold, and no quiet hours. */
export function normalSettings(): MonitorSettings {
  const rules = Object.fromEntries(
    ruleNames.map((name) => [name, { isOn: true, threshold: ruleLimits[name].normal }]),
  ) as MonitorSettings['rules'];
  return { rules, quietHours: { isOn: false, fromMinute: 22 * 60, toMinute: 7 * 60 }, muted: [] };
}

/** What is watched for, in one file. One that cannot be read is told and left as it is until the next change. */
export class SettingsStore {
  readonly #file: string;
  #settings: MonitorSettings;
  /** Writing, one after another, so that an older choice never replaces a newer one. */
  #work: Promise<void> = Promise.resolve();

  private constructor(file: string, settings: MonitorSettings) {
    this.#file = file;
    this.#settings = settings;
  }

  static async open(file: string, onError: (error: unknown) => void): Promise<SettingsStore> {
    try {
      return new SettingsStore(file, (await readJson(file, monitorSettingsSchema)) ?? normalSettings());
    } catch (error) {
      onError(error);
      return new SettingsStore(file, normalSettings());
    }
  }

  get settings(): MonitorSettings {
    return this.#settings;
  }

  /** In force at once; resolves once it is kept. */
  async set(settings: MonitorSettings): Promise<void> {
    this.#settings = settings;
    const written = this.#work.then(() => writeJson(this.#file, this.#settings));
    this.#work = written.catch(() => undefined);
    await written;
  }
}
