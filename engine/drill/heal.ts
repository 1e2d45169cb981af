import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor } from '../supervisor/index.ts';
import { DrillError } from './errors.ts';
import { NO_FAULTS, type NodeControls } from './scenarios.ts';

const ATTEMPTS = 6;
const RETRY_MS = 500;

/**
 * Brings every node of the cluster back, whatever was done to it: resumes the paused, starts
 * the missing, and, when links were cut, ends every fault. May be called again. Rejects with
 * DrillError 'healFailed' when that does not succeed after some tries.
 */
export async function healCluster(
  supervisor: Supervisor,
  name: string,
  cutLinks: boolean,
  setFaults: NodeControls['setFaults'],
): Promise<void> {
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(RETRY_MS);
    try {
      const { nodes } = await supervisor.get(name);
      for (const { nodeId, state } of nodes) {
        if (state === 'paused') await supervisor.resumeNode(name, nodeId);
        if (state === 'dead' || state === 'stopped') await supervisor.startNode(name, nodeId);
      }
      if (cutLinks) await Promise.all(nodes.map((node) => setFaults(node.nodeId, NO_FAULTS)));
      return;
    } catch (error) {
      failure = error;
    }
  }
  const why = failure instanceof Error ? failure.message : String(failure);
  throw new DrillError(
    'healFailed',
    `${name} could not be healed after the drill: ${why}`,
    cutLinks
      ? `Restart its nodes to end their faults, with: prkdb restart ${name} n1, and so on.`
      : `See which nodes are missing with "prkdb status ${name}", and bring them back with "prkdb start" or "prkdb resume".`,
    { cause: failure },
  );
}
