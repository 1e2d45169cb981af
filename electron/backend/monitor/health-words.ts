import type { FleetRow } from '../../contract/monitor.ts';
import { counted } from '../story/text.ts';
import type { ClusterFacts } from './facts.ts';

/** The cluster's health in a few words; what weighs most comes first. */
export function healthOf(facts: ClusterFacts): FleetRow['health'] {
  const { view, partitions, alarms, condition } = facts;
  const up = view.nodes.filter((node) => node.state === 'live').length;
  const nodes = `${up} of ${counted(view.nodes.length, 'node', 'nodes')} up`;
  switch (condition) {
    case 'stopped':
      return { tone: 'idle', words: 'Stopped. The data is kept.' };
    case 'starting':
      return { tone: 'idle', words: view.nodes.length === 0 ? 'Connecting.' : `Starting, ${nodes}.` };
    case 'unknown':
      return { tone: 'bad', words: facts.problem ?? 'No node answers.' };
    case 'known':
      break;
  }
  const lost = partitions.filter((one) => !one.hasQuorum).length;
  const without = partitions.filter((one) => one.hasQuorum && one.leader === 0).length;
  const worst = Math.min(...partitions.map((one) => one.spare));
  if (lost > 0) return { tone: 'bad', words: `${nodes}. No quorum on ${partsOf(lost, partitions.length)}.` };
  if (alarms.length > 0) return { tone: 'bad', words: alarms[0]! };
  if (without > 0) return { tone: 'warn', words: `${nodes}. No leader on ${partsOf(without, partitions.length)}.` };
  if (partitions.length === 0) return { tone: 'warn', words: `${nodes}.` };
  const spare =
    worst > 0
      ? `Any ${worst === 1 ? 'one' : worst} can fail.`
      : view.nodes.length === 1
        ? 'One copy of everything.'
        : 'Quorum with no node to spare.';
  const tone = up < view.nodes.length || partitions.some((one) => one.down > 0) ? 'warn' : 'ok';
  return { tone, words: `${nodes}. ${spare}` };
}

function partsOf(some: number, all: number): string {
  if (all === 1) return 'the cluster';
  return some === all ? 'every partition' : `${some} of ${counted(all, 'partition', 'partitions')}`;
}
