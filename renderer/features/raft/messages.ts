import type { PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount } from '../../ui/format.ts';
import { snapshotPercent } from './logs.ts';
import { leaderOf, replicaOf } from './roles.ts';

/** A message that was under way a moment ago, as an arrow on the ring. */
export interface Message {
  readonly from: number;
  readonly to: number;
  readonly kind: 'request' | 'reply' | 'refusal';
  readonly label: string;
}

/** Votes are asked for and given within milliseconds; so long they stay on the ring. */
export const VOTES_SHOWN_MS = 1_500;

/**
 * The newest message on every link, judged from what two moments differ in: indexes that
 * moved were sent and acknowledged between them, and votes are told by the voters' events.
 * `before` is some hundred milliseconds earlier; null leaves appends out.
 */
export function messagesOf(before: PartitionLive | null, now: PartitionLive): Message[] {
  const byLink = new Map<string, Message>();
  const put = (message: Message) => {
    const link = [message.from, message.to].sort((a, b) => a - b).join('-');
    byLink.delete(link);
    byLink.set(link, message);
  };
  for (const message of appends(before, now)) put(message);
  for (const message of votes(now)) put(message);
  return [...byLink.values()].filter(({ from, to }) => replicaOf(now, from) !== null && replicaOf(now, to) !== null);
}

function appends(before: PartitionLive | null, now: PartitionLive): Message[] {
  const leader = leaderOf(now);
  if (leader === null || leader.word === null) return [];
  const earlier = before === null || before.partition.leader !== leader.node ? null : replicaOf(before, leader.node);
  return leader.word.progress.flatMap((progress): Message[] => {
    const link = { from: leader.node, to: progress.node };
    if (progress.state === 'snapshot') {
      const percent = snapshotPercent(now, progress.node);
      return [{ ...link, kind: 'request', label: percent === null ? 'Snapshot' : `Snapshot ${percent} %` }];
    }
    const was = earlier?.word?.progress.find((one) => one.node === progress.node);
    if (progress.inFlight > 1) return [{ ...link, kind: 'request', label: `Append ×${progress.inFlight}` }];
    if (progress.inFlight === 1) {
      return [{ ...link, kind: 'request', label: `Append ${formatCount(progress.nextIndex - 1)}` }];
    }
    if (was === undefined || was.matchIndex >= progress.matchIndex) return [];
    return [{ from: progress.node, to: leader.node, kind: 'reply', label: `Ack ${formatCount(progress.matchIndex)}` }];
  });
}

function votes(now: PartitionLive): Message[] {
  const recent = now.events.filter((event) => {
    const ageMs = now.timeMs - event.timeMs;
    return ageMs >= 0 && ageMs < VOTES_SHOWN_MS;
  });
  return recent.flatMap((event): Message[] => {
    const { kind, node, peer, term } = event;
    const isPreVote = event.detail.startsWith('preVote');
    if (kind === 'electionStarted') {
      const to = now.voters.filter((voter) => voter !== node);
      const label = isPreVote ? `Would you? t${term}` : `Vote? t${term}`;
      return to.map((voter) => ({ from: node, to: voter, kind: 'request', label }));
    }
    if (peer === node) return [];
    if (kind === 'voteGranted') {
      return [{ from: node, to: peer, kind: 'reply', label: isPreVote ? `I would, t${term}` : `Vote t${term}` }];
    }
    if (kind === 'voteRejected') return [{ from: node, to: peer, kind: 'refusal', label: `No, t${term}` }];
    return [];
  });
}
