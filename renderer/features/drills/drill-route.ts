import type { DrillScenario } from '../../../electron/contract/drills.ts';
import { clusterPath } from '../../app/paths.ts';

export const drillScenarios: readonly DrillScenario[] = [
  'kill-leader',
  'pause-leader',
  'isolate-leader',
  'rolling-restart',
  'cut-majority',
];

/** Where drills are: of one cluster, or (null) of all that there are or were. */
export function drillsPath(cluster: string | null): string {
  return cluster === null ? '/drills' : clusterPath(cluster, 'drills');
}

/** One report, or beside it another to compare it with. */
export function reportPath(cluster: string | null, id: string, withId: string | null = null): string {
  const path = `${drillsPath(cluster)}/${encodeURIComponent(id)}`;
  return withId === null ? path : `${path}?with=${encodeURIComponent(withId)}`;
}
