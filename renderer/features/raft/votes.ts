import type { PartitionLive } from '../../../electron/contract/model.ts';
import { isReachable } from './roles.ts';

export interface Vote {
  readonly voter: number;
  /** 'other': for another candidate of the same term; 'away': cannot be asked; 'none': not given, or not known. */
  readonly answer: 'yes' | 'other' | 'none' | 'away';
  /** Whom the vote went to; 0 for nobody. */
  readonly to: number;
}

export interface Ballot {
  readonly term: number;
  /** Who leads the term, or else who asks for its votes; 0 when nobody does. */
  readonly candidate: number;
  readonly isWon: boolean;
  /** One for each voter of the partition, by number. */
  readonly votes: readonly Vote[];
  readonly granted: number;
}

/**
 * The votes of the newest term that anybody stood in. A vote is on the voter's disk before
 * it is given, so its own word on `votedFor` is the truth; for a term that was asked for
 * and given up before its voters were heard, the events say it.
 */
export function ballotOf(live: PartitionLive): Ballot {
  const candidates = live.replicas.filter(
    (replica) => replica.word?.role === 'candidate' && isReachable(replica) && replica.word.term >= live.partition.term,
  );
  const standing = candidates.toSorted((a, b) => (b.word?.term ?? 0) - (a.word?.term ?? 0))[0];
  const term = Math.max(standing?.word?.term ?? 0, live.partition.term);
  const leads = live.partition.leader !== 0 && live.partition.term === term;
  const won = live.events.findLast((event) => event.kind === 'electionWon' && event.term === term);
  const candidate = leads ? live.partition.leader : (standing?.node ?? won?.node ?? 0);
  const votes = live.voters
    .toSorted((a, b) => a - b)
    .map((voter): Vote => {
      const to = votedFor(live, voter, term, won);
      const replica = live.replicas.find((one) => one.node === voter);
      if (to === 0) return { voter, to, answer: replica !== undefined && isReachable(replica) ? 'none' : 'away' };
      return { voter, to, answer: to === candidate ? 'yes' : 'other' };
    });
  return {
    term,
    candidate,
    isWon: leads || (won !== undefined && won.node === candidate),
    votes,
    granted: votes.filter((vote) => vote.answer === 'yes').length,
  };
}

function votedFor(
  live: PartitionLive,
  voter: number,
  term: number,
  won: PartitionLive['events'][number] | undefined,
): number {
  const word = live.replicas.find((replica) => replica.node === voter)?.word;
  if (word?.term === term && word.votedFor !== 0) return word.votedFor;
  if (won?.voters.includes(voter) === true) return won.node;
  const granted = live.events.findLast(
    (event) => event.kind === 'voteGranted' && event.node === voter && event.term === term && event.detail === 'vote',
  );
  return granted?.peer ?? 0;
}
