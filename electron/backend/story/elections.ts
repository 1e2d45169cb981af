import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import type { Fault, StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';
import {
  counted,
  duration,
  nodeName,
  nodeNames,
  partitionNames,
  plainList,
  sentence,
  strong,
  type Part,
} from './text.ts';

/** Ballots of one partition in one term. */
interface Ballot {
  readonly term: number;
  /** Candidate to the nodes that voted for it, itself included. */
  readonly votes: Map<number, Set<number>>;
  lastStartMs: number;
  told: boolean;
}

type EventInput = Extract<StoryInput, { type: 'event' }>;

/** Who won, who stood, and votes that nobody won. */
export class ElectionTeller {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;
  readonly #ballots = new Map<number, Ballot>();

  constructor(context: StoryContext, buffer: ReorderBuffer) {
    this.#context = context;
    this.#buffer = buffer;
  }

  event(event: ClusterEvent, quiet: boolean): void {
    const { partition } = event;
    if (partition === undefined) return;
    if (event.kind === 'electionWon') this.#won(event, quiet);
    else if (event.kind === 'leaderKnown') this.#known(event, partition, quiet);
    else if (event.kind === 'steppedDown') this.#steppedDown(event, quiet);
    // Pre-votes change no term, so only real votes can split.
    else if (event.kind === 'electionStarted' && event.detail === 'vote') this.#stood(event, partition, quiet);
    else if (event.kind === 'voteGranted' && event.detail === 'vote') this.#voted(event, partition);
    else if (event.kind === 'electionLost' && event.detail.startsWith('vote')) {
      this.#maybeSplit(partition, event.term, event.timeMs, quiet);
    }
  }

  /** A report says who leads; what no event told becomes known without a sentence. */
  learn(partition: number, leader: number, term: number): void {
    const known = this.#context.leaders.get(partition);
    if (known === undefined || term > known.term || (term === known.term && known.leader === 0)) {
      this.#context.leaders.set(partition, { leader, term });
    }
  }

  #won(event: ClusterEvent, quiet: boolean): void {
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is EventInput =>
        input.type === 'event' &&
        input.event.kind === 'electionWon' &&
        input.event.nodeId === event.nodeId &&
        input.event.partition !== undefined,
    );
    const news = [event, ...together.map((input) => input.event)].filter((won) => this.#isNews(won));
    const wins = news.map((won) => ({ won, ...this.#gap(won) })).sort((a, b) => a.won.partition! - b.won.partition!);
    for (const { won } of wins) {
      this.#context.leaders.set(won.partition!, { leader: won.nodeId, term: won.term });
      this.#context.settle(won.partition!);
      this.#ballots.delete(won.partition!);
    }
    if (quiet || wins.length === 0) return;
    const first = wins[0]!;
    this.#context.tell({
      timeMs: Math.max(...wins.map(({ won }) => won.timeMs)),
      kind: 'elected',
      parts: wonSentence(
        wins.map(({ won }) => won),
        Math.max(...wins.map(({ gapMs }) => gapMs)),
      ),
      node: event.nodeId,
      partition: wins.length === 1 ? first.won.partition! : null,
      term: wins.length === 1 ? first.won.term : null,
      fault: first.fault,
    });
  }

  #isNews(won: ClusterEvent): boolean {
    return won.term > (this.#context.leaders.get(won.partition!)?.term ?? 0);
  }

  /** How long the partition was without a leader: since the fault that took it, else as the winner knows it. */
  #gap(won: ClusterEvent): { gapMs: number; fault: Fault | null } {
    const fault = this.#context.faultBehind(won.partition!, won.timeMs);
    const tookLeader = fault?.led.includes(won.partition!) ?? false;
    return { gapMs: tookLeader ? won.timeMs - fault!.timeMs : won.durationMs, fault };
  }

  /** A follower's word counts only when the winner's own is not on its way. */
  #known(event: ClusterEvent, partition: number, quiet: boolean): void {
    if (!this.#isNews(event)) return;
    const isComing = this.#buffer.has(
      (input) =>
        input.type === 'event' &&
        input.event.kind === 'electionWon' &&
        input.event.partition === partition &&
        input.event.term >= event.term,
    );
    if (isComing) return;
    this.#won({ ...event, kind: 'electionWon', nodeId: event.peer, voters: [] }, quiet);
  }

  #stood(event: ClusterEvent, partition: number, quiet: boolean): void {
    const before = this.#ballots.get(partition);
    if (before !== undefined && before.term < event.term) {
      this.#maybeSplit(partition, before.term, before.lastStartMs, quiet);
    }
    const ballot = this.#ballot(partition, event.term, event.timeMs);
    if (ballot === null) return;
    ballot.votes.set(event.nodeId, new Set([event.nodeId, ...(ballot.votes.get(event.nodeId) ?? [])]));
    ballot.lastStartMs = event.timeMs;
  }

  #voted(event: ClusterEvent, partition: number): void {
    const votes = this.#ballot(partition, event.term, event.timeMs)?.votes;
    votes?.set(event.peer, new Set([...(votes.get(event.peer) ?? [event.peer]), event.nodeId]));
  }

  #ballot(partition: number, term: number, timeMs: number): Ballot | null {
    const ballot = this.#ballots.get(partition);
    if (ballot !== undefined && ballot.term > term) return null;
    if (ballot !== undefined && ballot.term === term) return ballot;
    if (term <= (this.#context.leaders.get(partition)?.term ?? 0)) return null;
    const fresh: Ballot = { term, votes: new Map(), lastStartMs: timeMs, told: false };
    this.#ballots.set(partition, fresh);
    return fresh;
  }

  #maybeSplit(partition: number, term: number, timeMs: number, quiet: boolean): void {
    const ballot = this.#ballots.get(partition);
    if (ballot === undefined || ballot.term !== term || ballot.told || ballot.votes.size < 2) return;
    ballot.told = true;
    if (quiet) return;
    this.#context.tell({
      timeMs,
      kind: 'splitVote',
      parts: splitSentence(partition, term, ballot.votes),
      partition,
      term,
      fault: this.#context.faultBehind(partition, timeMs),
    });
  }

  /** Only a leader that no longer hears a quorum is news; one that meets a newer term was replaced already. */
  #steppedDown(event: ClusterEvent, quiet: boolean): void {
    if (!isQuorumLoss(event)) return;
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is EventInput =>
        input.type === 'event' && input.event.nodeId === event.nodeId && isQuorumLoss(input.event),
    );
    const partitions = [event, ...together.map((input) => input.event)]
      .flatMap((e) => e.partition ?? [])
      .sort((a, b) => a - b);
    if (quiet || partitions.length === 0) return;
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'leaderless',
      parts: sentence(
        nodeName(event.nodeId),
        ' gives up ',
        partitionNames(partitions),
        ': it no longer hears a quorum.',
      ),
      node: event.nodeId,
      partition: partitions.length === 1 ? partitions[0]! : null,
      term: event.term,
      fault:
        this.#context.faultOf(event.nodeId, event.timeMs) ?? this.#context.faultBehind(partitions[0]!, event.timeMs),
    });
  }
}

/** A leader that hears too few of its voters gives up its office. */
export function isQuorumLoss(event: ClusterEvent): boolean {
  return event.kind === 'steppedDown' && event.partition !== undefined && /quorum/i.test(event.detail);
}

function wonSentence(wins: readonly ClusterEvent[], gapMs: number): Part[] {
  const winner = wins[0]!.nodeId;
  const partitions = wins.map((won) => won.partition!);
  const voters = [...new Set(wins.flatMap((won) => won.voters))].sort((a, b) => a - b);
  const ordered = [winner, ...voters.filter((voter) => voter !== winner)];
  return sentence(
    nodeName(winner),
    wins.length === 1 ? ' wins election for ' : ' wins elections for ',
    partitionNames(partitions),
    ` in ${termPhrase(wins.map((won) => won.term))}`,
    voters.length > 0 ? ` with votes ${plainList(ordered, 'n')}.` : '.',
    gapMs > 0 ? ` ${wins.length === 1 ? '' : 'Up to '}${duration(gapMs)} without leader.` : '',
  );
}

function termPhrase(terms: readonly number[]): string {
  const distinct = new Set(terms);
  if (distinct.size === 1) return `term ${terms[0]}`;
  if (terms.length <= 8) return `terms ${terms.slice(0, -1).join(', ')} and ${terms.at(-1)}`;
  return `terms ${Math.min(...terms)} to ${Math.max(...terms)}`;
}

function splitSentence(partition: number, term: number, votes: ReadonlyMap<number, ReadonlySet<number>>): Part[] {
  const candidates = [...votes.keys()].sort((a, b) => a - b);
  const counts = candidates.map((candidate) => votes.get(candidate)!.size);
  const same = counts.every((n) => n === counts[0]);
  const tally = same
    ? [
        ...nodeNames(candidates),
        { text: ` got ${counts[0] === 1 ? 'one vote' : counted(counts[0]!, 'vote', 'votes')} each.`, strong: false },
      ]
    : candidates.flatMap((candidate, i) => [
        nodeName(candidate),
        {
          text: ` got ${counted(counts[i]!, 'vote', 'votes')}${i === candidates.length - 1 ? '.' : ', '}`,
          strong: false,
        },
      ]);
  return sentence(
    'Split vote for ',
    strong(`p${partition}`),
    ` in term ${term}: `,
    tally,
    candidates.length === 2 ? ' Both wait and retry.' : ' All wait and retry.',
  );
}
