import type { DrillReport } from '../../../electron/contract/drills.ts';
import { sampleReport } from '../../engine/drill/sample.ts';

/** A report as it crosses the contract. */
export function report(change: Partial<DrillReport> = {}): DrillReport {
  return { ...sampleReport(), ...change };
}
