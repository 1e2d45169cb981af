import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { divergedEntries, entriesBehind, snapshotPercent } from './logs.ts';
import { isReachable, leaderOf } from './roles.ts';

/** Beside a strip: what its replica is to the leader's log, in two words. */
export function logSubject(live: PartitionLive, replica: InspectedReplica): string {
  if (divergedEntries(live, replica) > 0) return 'diverged';
  if (replica.node === live.partition.leader) return 'leader';
  const leader = leaderOf(live);
  const progress = leader?.word?.progress.find((one) => one.node === replica.node);
  if (progress?.state === 'snapshot') {
    const percent = snapshotPercent(live, replica.node);
    return percent === null ? 'snapshot' : `snapshot ${percent} %`;
  }
  const behind = entriesBehind(live, replica.node);
  if (behind === null) return isReachable(replica) ? '' : replica.state;
  return behind === 0 ? 'in sync' : `${short(behind)} behind`;
}

function short(count: number): string {
  return count < 10_000 ? formatCount(count) : `${formatCount(count / 1000)}k`;
}

/** A strip in one sentence. */
export function logSentence(live: PartitionLive, replica: InspectedReplica): string {
  const { word } = replica;
  if (word === null) return `${replica.name}: its log was not read yet.`;
  const terms = replica.log.map(
    (run) => `term ${run.term} from ${formatCount(run.fromIndex)} to ${formatCount(run.toIndex)}`,
  );
  const said = [
    `last entry ${formatCount(word.lastLogIndex)}`,
    `committed to ${formatCount(word.commitIndex)}`,
    `applied to ${formatCount(word.appliedIndex)}`,
    ...(word.firstLogIndex > 1 ? [`snapshot up to ${formatCount(word.firstLogIndex - 1)}`] : []),
    ...terms,
  ];
  const diverged = divergedEntries(live, replica);
  if (diverged > 0) said.push(`its last ${plural(diverged, 'entry', 'entries')} will be replaced`);
  const subject = logSubject(live, replica);
  return `${replica.name}${subject === '' ? '' : `, ${subject}`}: ${said.join(', ')}.`;
}
