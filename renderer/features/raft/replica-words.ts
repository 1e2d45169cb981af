import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount, formatList, formatMs } from '../../ui/format.ts';
import { age } from './age.ts';
import { matchIndexOf } from './logs.ts';
import { inOrder, isOldLeader, leaderOf, nameOf } from './roles.ts';
import type { Ballot } from './votes.ts';

/** What stands beside a replica on the ring: its part, then the detail that matters now. */
export function replicaWords(live: PartitionLive, replica: InspectedReplica): readonly [string, string] {
  const { word, state } = replica;
  const forSpan = `for ${age(live.timeMs - replica.sinceMs)}`;
  if (state === 'dead' || state === 'stopped') return [state, state === 'dead' ? forSpan : 'not running'];
  if (word === null) return [state, 'not heard yet'];
  if (state === 'paused') return ['paused', forSpan];
  if (state === 'partitioned') {
    const part = isOldLeader(live, replica) ? `leads old term ${word.term}` : `hears nobody`;
    return ['cut off', part];
  }
  switch (word.role) {
    case 'leader':
      return isOldLeader(live, replica)
        ? ['old leader', `of term ${word.term}`]
        : ['leader', `heartbeat every ${formatMs(live.heartbeatMs)}`];
    case 'candidate':
      return ['candidate', `wants term ${word.term}`];
    case 'preCandidate':
      return ['hears no leader', `may ask for term ${word.term + 1}`];
    case 'learner':
      return ['learner', 'no vote, no timer'];
    case 'follower': {
      const match = matchIndexOf(live, replica.node);
      const timer = `timer ${formatMs(word.electionLeftMs)}`;
      return [match === null ? 'follower' : `match ${formatCount(match)}`, timer];
    }
  }
}

/** The ring in one sentence, for who cannot see it. */
export function ringSentence(live: PartitionLive, ballot: Ballot): string {
  const leader = leaderOf(live);
  const yes = ballot.votes.filter((vote) => vote.answer === 'yes').map((vote) => nameOf(vote.voter));
  const votes = yes.length === 0 ? '' : ` with votes from ${formatList(yes)}`;
  const lead =
    leader === null
      ? ballot.candidate === 0
        ? 'no replica leads'
        : `${nameOf(ballot.candidate)} asks for votes for term ${ballot.term}${yes.length === 0 ? '' : ` and has those of ${formatList(yes)}`}`
      : `${leader.name} leads term ${live.partition.term}${votes}`;
  const rest = inOrder(live)
    .filter((replica) => replica.node !== leader?.node)
    .map((replica) => `${replica.name}: ${replicaWords(live, replica).join(', ')}`);
  return `Replicas of p${live.partition.partition}: ${[lead, ...rest].join('. ')}.`;
}
