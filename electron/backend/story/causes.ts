import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import type { StoryContext } from './context.ts';
import { isQuorumLoss } from './elections.ts';
import { timeOf, type StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';

/**
 * How long an effect waits for its cause. Nodes tell of an election within milliseconds; that
 * a process was killed is told through a file, and that one crashed is found by looking every
 * second, on a busy machine later.
 */
export const PATIENCE_MS = 2_500;
/** What befell the leader explains an election for so long. */
const EXPLAINS_MS = 10_000;
/** A node that hands over what it leads says so of all its partitions at once. */
const OWN_WORD_MS = 2_000;

/**
 * Causes come before effects in the feed, whichever is heard first: a leader that loses its
 * office without having said why was probably killed, paused or cut off, and the word of that
 * is on its way.
 */
export class CauseKeeper {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;
  /** When a node last said itself that it gives up an office. */
  readonly #saidSo = new Map<number, number>();

  constructor(context: StoryContext, buffer: ReorderBuffer) {
    this.#context = context;
    this.#buffer = buffer;
  }

  /** Whether the input should wait, and all that came after it. */
  awaits(input: StoryInput, nowMs: number): boolean {
    if (nowMs - timeOf(input) > PATIENCE_MS) return false;
    return lossesIn(input).some(({ partition, term, winner }) => {
      const known = this.#context.leaders.get(partition);
      if (known === undefined || known.leader === 0 || known.leader === winner || known.term > term) return false;
      return !this.#isExplained(partition, known.leader, term, timeOf(input));
    });
  }

  /** To be called with every input when its turn has come. */
  heard(input: StoryInput): void {
    if (input.type === 'event' && isOwnWord(input.event)) this.#saidSo.set(input.event.nodeId, input.event.timeMs);
  }

  #isExplained(partition: number, leader: number, term: number, timeMs: number): boolean {
    if (this.#context.condition(leader).kind !== 'up') return true;
    const fault = this.#context.faultOf(leader, timeMs);
    if (fault !== null && timeMs - fault.timeMs <= EXPLAINS_MS) return true;
    if (timeMs - (this.#saidSo.get(leader) ?? -Infinity) <= OWN_WORD_MS) return true;
    return this.#buffer.has(
      (other) =>
        other.type === 'event' &&
        other.event.nodeId === leader &&
        other.event.partition === partition &&
        (isOwnWord(other.event) || (other.event.kind === 'leaderKnown' && other.event.term >= term)),
    );
  }
}

/** A leader that hands over, or has met a newer term: nothing befell it. */
function isOwnWord(event: ClusterEvent): boolean {
  return event.kind === 'transferStarted' || (event.kind === 'steppedDown' && !isQuorumLoss(event));
}

/** The offices that are lost by what this tells; `winner` 0: nobody has them yet. */
function lossesIn(input: StoryInput): { partition: number; term: number; winner: number }[] {
  if (input.type === 'status') {
    return input.status.groups.flatMap(({ partition, role, term }) =>
      partition !== undefined && role === 'leader' ? [{ partition, term, winner: input.status.nodeId }] : [],
    );
  }
  if (input.type !== 'event' || input.event.partition === undefined) return [];
  const { partition, term, kind, nodeId, peer } = input.event;
  if (kind === 'electionWon') return [{ partition, term, winner: nodeId }];
  if (kind === 'leaderKnown') return [{ partition, term, winner: peer }];
  return isQuorumLoss(input.event) ? [{ partition, term, winner: 0 }] : [];
}
