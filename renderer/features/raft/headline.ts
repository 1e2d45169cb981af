import type { PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount, formatList, formatSpan, plural } from '../../ui/format.ts';
import { age } from './age.ts';
import { isKnown, isOldLeader, isReachable, leaderOf, nameOf, quorumOf } from './roles.ts';

export interface Headline {
  /** Joined by middle dots. */
  readonly parts: readonly string[];
  readonly meaning: string;
}

/** The partition in one sentence, then what that means. `silentMs`: see stateSentence. */
export function headlineOf(live: PartitionLive, silentMs: number | null): Headline {
  const known = describe(live);
  if (silentMs === null) return known;
  return {
    parts: [`No data for ${formatSpan(silentMs)}`],
    meaning: `Last known: ${known.parts[0] ?? ''}. Everything below is as of then.`,
  };
}

function describe(live: PartitionLive): Headline {
  const voters = live.replicas.filter((replica) => live.voters.includes(replica.node));
  const reachable = voters.filter(isReachable);
  const leader = leaderOf(live);
  const { leaderlessSinceMs, term, commitIndex } = live.partition;
  const quorum = quorumOf(live);
  const joining = live.learners.length;
  const standing = voters.filter((replica) => isReachable(replica) && replica.word?.role === 'candidate');
  const lead =
    leader !== null
      ? `${leader.name} leads term ${term}`
      : standing.length > 0
        ? `${formatList(standing.map((replica) => replica.name))} ${standing.length === 1 ? 'asks' : 'ask'} for votes`
        : leaderlessSinceMs === null
          ? 'No leader'
          : `No leader for ${age(live.timeMs - leaderlessSinceMs)}`;
  const parts = [
    lead,
    `${reachable.length} of ${plural(live.voters.length, 'voter')} reachable`,
    ...(joining === 0 ? [] : [`${plural(joining, 'learner')} joining`]),
  ];
  const committed = isKnown(live) ? `Commit index ${formatCount(commitIndex)}.` : 'No replica was heard yet.';
  const enough = `Quorum is ${quorum}: ${quorum} of ${live.voters.length} must agree. ${committed}`;
  return { parts, meaning: `${enough} ${consequence(live, reachable.length, quorum)}` };
}

function consequence(live: PartitionLive, reachable: number, quorum: number): string {
  const away = live.replicas.filter((replica) => live.voters.includes(replica.node) && !isReachable(replica));
  const old = away.find((replica) => isOldLeader(live, replica));
  if (old !== undefined) return `One voter, ${old.name}, is cut off and cannot commit anything.`;
  if (reachable < quorum) {
    const who = reachable === 0 ? 'No voter' : `Only ${plural(reachable, 'voter')}`;
    return `${who} can be reached, so nothing can be written until ${quorum - reachable} more ${quorum - reachable === 1 ? 'is' : 'are'} back.`;
  }
  if (live.partition.leader === 0) return 'Writes wait until a leader is elected.';
  if (away.length === 0) return 'Every voter takes part.';
  const spare = reachable - quorum;
  const names = formatList(away.map((replica) => nameOf(replica.node)));
  return spare === 0
    ? `Without ${names} there is no voter to spare.`
    : `Without ${names}, ${plural(spare, 'more voter')} may be lost.`;
}
