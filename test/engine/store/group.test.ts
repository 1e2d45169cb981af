import { describe, expect, it } from 'vitest';
import { NONE, Role, type ProposeResult, type RaftCore } from '../../../engine/raft/types.ts';
import { decodeCommand, type Mutation } from '../../../engine/storage/codec.ts';
import { Group, mutationBytes } from '../../../engine/store/group.ts';
import type { PendingWrite, WriteAnswer } from '../../../engine/store/types.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A core that accepts what it is given and remembers it. Only what a Group touches. */
class ScriptedCore {
  role: Role = Role.Leader;
  term = 5;
  leader = 1;
  appliedIndex = 0;
  lastIndex = 10;
  readonly proposals: Uint8Array[] = [];
  readonly rounds: number[] = [];
  refuse: ProposeResult | null = null;

  propose(data: Uint8Array): ProposeResult {
    if (this.refuse !== null) return this.refuse;
    this.proposals.push(data);
    return { accepted: true, index: ++this.lastIndex, term: this.term };
  }

  readIndex(round: number): boolean {
    this.rounds.push(round);
    return this.leader !== NONE;
  }
}

function setUp(): { core: ScriptedCore; group: Group } {
  const core = new ScriptedCore();
  return { core, group: new Group(1, core as unknown as RaftCore, 0, 1) };
}

function write(key: string, answers: WriteAnswer[], deadlineMs = 1000): PendingWrite {
  const mutation: Mutation = {
    kind: 'put',
    key: bytes(key),
    value: bytes('v'),
    expectedRevision: null,
    clientId: 0,
    sequence: 0,
  };
  return { mutation, sizeBytes: 100, startedMs: 0, deadlineMs, respond: (answer) => answers.push(answer) };
}

const deleted = { kind: 'deleted', found: true, revision: 1 } as const;
const entry = (index: number, term: number) => ({ index, term, type: 0, data: new Uint8Array(0) }) as const;

describe('writes of a group', () => {
  it('puts all writes of a round into one log entry, in order', () => {
    const { core, group } = setUp();
    for (const key of ['a', 'b', 'c']) group.enqueueWrite(write(key, []));
    group.proposeQueued(0, 42);
    expect(core.proposals).toHaveLength(1);
    const command = decodeCommand(core.proposals[0]!);
    expect(command.mutations.map((m) => Buffer.from(m.key).toString())).toEqual(['a', 'b', 'c']);
    expect(command.timeMs).toBe(42);
  });

  it('puts large transactions into entries of their own, which every peer can take', () => {
    const { core, group } = setUp();
    const { mutation: empty, ...request } = write('', []);
    const part: Mutation = { ...empty, key: bytes('k'), value: new Uint8Array(700 * 1024) };
    const mutation: Mutation = { ...empty, kind: 'transaction', value: new Uint8Array(0), parts: [part] };
    for (let i = 0; i < 2; i++) group.enqueueWrite({ ...request, mutation, sizeBytes: mutationBytes(mutation) });
    group.proposeQueued(0, 0);
    expect(core.proposals.map((data) => decodeCommand(data).mutations.length)).toEqual([1, 1]);
  });

  it('lets later writes share an entry until they are as many as those on their way', () => {
    const { core, group } = setUp();
    for (let i = 0; i < 20; i++) {
      group.enqueueWrite(write(`k${i}`, []));
      group.proposeQueued(0, 0);
    }
    const sizes = () => core.proposals.map((data) => decodeCommand(data).mutations.length);
    expect(sizes()).toEqual([1, 1, 2, 4]);
    // Seven are still on their way, and twelve wait.
    group.answerApplied(entry(11, 5), [deleted], () => {});
    group.proposeQueued(0, 0);
    expect(sizes()).toEqual([1, 1, 2, 4, 12]);
  });

  it('sends an entry that is full however many writes are on their way', () => {
    const { core, group } = setUp();
    for (let i = 0; i < 5; i++) group.enqueueWrite(write(`k${i}`, []));
    group.proposeQueued(0, 0);
    group.enqueueWrite({ ...write('large', []), sizeBytes: 600_000 });
    group.proposeQueued(0, 0);
    expect(core.proposals).toHaveLength(1);
    group.enqueueWrite({ ...write('larger', []), sizeBytes: 600_000 });
    group.proposeQueued(0, 0);
    expect(core.proposals).toHaveLength(2);
  });

  it('answers a write with the result of its own mutation', () => {
    const { group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('a', answers));
    group.enqueueWrite(write('b', answers));
    group.proposeQueued(7, 0);
    const proposedAt: number[] = [];
    group.answerApplied(entry(11, 5), [deleted, { ...deleted, found: false }], (_, atMs) => proposedAt.push(atMs));
    expect(proposedAt).toEqual([7, 7]);
    expect(answers.map((a) => a.ok && a.result.kind === 'deleted' && a.result.found)).toEqual([true, false]);
  });

  it('says that nothing was done when another term took the place in the log', () => {
    const { core, group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('a', answers));
    group.proposeQueued(0, 0);
    core.role = Role.Follower;
    core.leader = 2;
    group.answerApplied(entry(11, 6), [deleted], () => {});
    expect(answers).toEqual([{ ok: false, reason: 'notLeader', leader: 2 }]);
  });

  it('says that the outcome is open when it proposes where an earlier term of its own had', () => {
    const { core, group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('a', answers));
    group.proposeQueued(0, 0);
    // Another leader took entry 11 away from here; a third replica may still have it.
    core.lastIndex = 10;
    core.term = 7;
    group.enqueueWrite(write('b', []));
    group.proposeQueued(0, 0);
    expect(answers).toEqual([{ ok: false, reason: 'deadline' }]);
  });

  it('is not held up by what an earlier leadership left in the log', () => {
    const { core, group } = setUp();
    const old: WriteAnswer[] = [];
    for (let i = 0; i < 4; i++) {
      group.enqueueWrite(write(`old${i}`, old));
      group.proposeQueued(0, 0);
    }
    // Elected again in a later term, with a log that never got as far.
    core.term = 9;
    core.lastIndex = 5;
    const before = core.proposals.length;
    group.enqueueWrite(write('new', []));
    group.proposeQueued(0, 0);
    expect(core.proposals).toHaveLength(before + 1);
    // An index proposed a second time takes the place of the first.
    core.lastIndex = 10;
    group.enqueueWrite(write('newer', []));
    group.proposeQueued(0, 0);
    expect(old).toEqual([{ ok: false, reason: 'deadline' }]);
  });

  it('fails the queue, which never reached the log, when leadership is gone', () => {
    const { core, group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('a', answers));
    core.role = Role.Follower;
    core.leader = NONE;
    group.proposeQueued(0, 0);
    expect(answers).toEqual([{ ok: false, reason: 'noLeader' }]);
    expect(core.proposals).toHaveLength(0);
  });

  it('keeps writes in order when the core refuses for a moment', () => {
    const { core, group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('a', answers));
    core.refuse = { accepted: false, reason: 'tooManyUncommitted', leader: 1 };
    group.proposeQueued(0, 0);
    group.enqueueWrite(write('b', answers));
    core.refuse = null;
    group.proposeQueued(0, 0);
    expect(decodeCommand(core.proposals[0]!).mutations.map((m) => Buffer.from(m.key).toString())).toEqual(['a', 'b']);
    expect(answers).toEqual([]);
  });

  it('refuses more than it can hold', () => {
    const { group } = setUp();
    const big = (): PendingWrite => ({ ...write('a', []), sizeBytes: 20 * 1024 * 1024 });
    expect(group.enqueueWrite(big())).toBeNull();
    expect(group.enqueueWrite(big())).toEqual({ ok: false, reason: 'overloaded' });
  });

  it('answers a deadline once and does not propose what nobody waits for', () => {
    const { core, group } = setUp();
    const answers: WriteAnswer[] = [];
    group.enqueueWrite(write('late', answers, 50));
    expect(group.expire(60)).toBe(1);
    expect(group.expire(70)).toBe(0);
    group.proposeQueued(80, 0);
    expect(core.proposals).toHaveLength(0);
    expect(answers).toEqual([{ ok: false, reason: 'deadline' }]);
  });
});

describe('reads of a group', () => {
  it('share one ReadIndex round and wait until its index is applied', () => {
    const { core, group } = setUp();
    const answers: unknown[] = [];
    const read = () => ({ deadlineMs: 1000, respond: (answer: unknown) => void answers.push(answer) });
    group.enqueueRead(read(), 'linearizable');
    group.enqueueRead(read(), 'linearizable');
    group.startReads();
    expect(core.rounds).toEqual([1]);
    group.readConfirmed(1, 7);
    expect(group.releaseReads()).toBe(0);
    core.appliedIndex = 7;
    expect(group.releaseReads()).toBe(2);
    expect(answers).toEqual([
      { ok: true, stalenessMs: 0 },
      { ok: true, stalenessMs: 0 },
    ]);
  });

  it('go to a follower only when they may', () => {
    const { core, group } = setUp();
    core.role = Role.Follower;
    core.leader = 3;
    const read = { deadlineMs: 1000, respond: () => {} };
    expect(group.enqueueRead(read, 'linearizable')).toEqual({ ok: false, reason: 'notLeader', leader: 3 });
    expect(group.enqueueRead(read, 'follower')).toBeNull();
    core.leader = NONE;
    expect(group.enqueueRead(read, 'follower')).toEqual({ ok: false, reason: 'noLeader' });
  });

  it('fail when their round is rejected', () => {
    const { core, group } = setUp();
    const answers: unknown[] = [];
    group.enqueueRead({ deadlineMs: 1000, respond: (answer) => void answers.push(answer) }, 'linearizable');
    group.startReads();
    core.role = Role.Follower;
    core.leader = NONE;
    group.readRejected(1);
    expect(answers).toEqual([{ ok: false, reason: 'noLeader' }]);
  });
});

describe('how long a group was without a leader', () => {
  const known = { kind: 'leaderKnown', leader: 2, term: 5 } as const;
  const won = { kind: 'electionWon', term: 6, voters: [1, 2] } as const;

  it('counts from the loss to the next leader, each gap by itself', () => {
    const { group } = setUp();
    expect(group.leaderlessMs(known, 40)).toBe(40);
    expect(group.leaderlessMs({ kind: 'leaderLost', leader: 2, term: 5 }, 1000)).toBe(0);
    expect(group.leaderlessMs({ kind: 'electionStarted', term: 6, preVote: true }, 1010)).toBe(10);
    expect(group.leaderlessMs(won, 1300)).toBe(300);
  });

  it('begins with the election where a leader hands over: nobody had lost it', () => {
    const { group } = setUp();
    group.leaderlessMs(known, 40);
    expect(group.leaderlessMs({ kind: 'electionStarted', term: 6, preVote: false }, 200_000)).toBe(0);
    expect(group.leaderlessMs(won, 200_020)).toBe(20);
  });
});
