import { describe, expect, it } from 'vitest';
import { vote } from '../../../engine/raft/messages.ts';
import { Role, type LogPoint, type Membership, type RaftCore } from '../../../engine/raft/types.ts';
import { GroupFactory } from '../../../engine/store/create-groups.ts';
import { GiveUp, isGivenUp } from '../../../engine/store/give-up.ts';
import { Group } from '../../../engine/store/group.ts';
import { genesisRouting } from '../../../engine/store/routing.ts';
import type { StoreOptions } from '../../../engine/store/types.ts';
import type { LogWrite, RecoveredLog } from '../../../engine/storage/types.ts';

const GROUP = 1;
const members = [1, 2, 3].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
const genesis = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 3 });

function replica(facts: {
  readonly membership: Membership;
  readonly role?: Role;
  readonly wanted?: readonly number[];
  readonly lastIndex?: number;
  readonly dismissed?: boolean;
}): Group {
  const { membership, role = Role.Learner, wanted = [2, 3, 4], lastIndex = 10, dismissed = true } = facts;
  const core = {
    dismissed,
    membership,
    role,
    lastIndex,
    appliedIndex: 10,
    logTerm: () => 5,
    status: () => ({ term: 6, votedFor: 3, lastIndex }),
  };
  const group = new Group(GROUP, core as unknown as RaftCore, 0, 1);
  group.wanted = { voters: wanted, learners: [] };
  return group;
}

const without = { voters: [2, 3, 4], votersOutgoing: [], learners: [] };

describe('a replica is given up', () => {
  it('when neither the table nor the group wants it, and nothing in its log may say otherwise', () => {
    expect(isGivenUp(replica({ membership: without }), 1)).toBe(true);
    expect(isGivenUp(replica({ membership: without, wanted: [1, 2, 3] }), 1)).toBe(false);
    expect(isGivenUp(replica({ membership: { ...without, learners: [1] } }), 1)).toBe(false);
    expect(isGivenUp(replica({ membership: { ...without, votersOutgoing: [1, 2, 3] } }), 1)).toBe(false);
    expect(isGivenUp(replica({ membership: without, role: Role.Leader }), 1)).toBe(false);
    expect(isGivenUp(replica({ membership: without, lastIndex: 11 }), 1)).toBe(false);
    expect(isGivenUp(replica({ membership: without, dismissed: false }), 1)).toBe(false);
  });

  it('in an order that a crash cannot spoil, and keeps its term and its vote', () => {
    const steps: string[] = [];
    const writes: LogWrite[] = [];
    let synced: ((error: Error | null) => void) | undefined;
    const drops = {
      beginDrop: (group: number, end: LogPoint) => void steps.push(`mark ${group} at ${end.index} of term ${end.term}`),
      finishDrop: (group: number) => void steps.push(`rows ${group}`),
      dropsBegun: () => [],
    };
    const log = {
      recovered: () => undefined,
      write: (batch: readonly LogWrite[], done: (error: Error | null) => void) => {
        steps.push('log');
        writes.push(...batch);
        synced = done;
      },
    };
    const giveUp = new GiveUp({
      log: log as unknown as StoreOptions['log'],
      drops,
      guard: (run) => run(),
      failed: () => void steps.push('failed'),
      done: (group) => void steps.push(`done ${group}`),
    });
    giveUp.begin(replica({ membership: without }));
    expect(steps).toEqual(['mark 1 at 10 of term 5', 'log']);
    expect(writes).toEqual([
      { group: 1, reset: true, cut: null, hardState: { term: 6, votedFor: 3, commitIndex: 0 }, entries: [] },
    ]);
    expect(giveUp.isUnderway(1)).toBe(true);
    synced?.(null);
    expect(steps).toEqual(['mark 1 at 10 of term 5', 'log', 'rows 1', 'done 1']);
    expect(giveUp.isUnderway(1)).toBe(false);
  });
});

describe('a replica that comes back', () => {
  function factory(dropped: boolean): GroupFactory {
    const recovered: RecoveredLog = {
      hardState: { term: 6, votedFor: 3, commitIndex: 0 },
      snapshotIndex: 0,
      snapshotTerm: 0,
      lastIndex: 0,
      lastTerm: 0,
    };
    const options = {
      nodeId: 1,
      genesis,
      log: { recovered: () => recovered, reader: () => ({ entries: () => [], term: () => undefined }) },
      state: {
        membership: () => null,
        restoredPoint: () => null,
        appliedIndex: () => 0,
        revision: () => 0,
        givenUpAt: () => (dropped ? { index: 9, term: 6 } : null),
      },
      drops: { dropsBegun: () => [] },
      clock: { monotonicMs: () => 0, wallMs: () => 0 },
      random: () => 0.5,
      timing: { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
    };
    return new GroupFactory(options as unknown as StoreOptions);
  }

  it('knows nothing of the members it was founded with, and stands for nobody', () => {
    const { core } = factory(true).create(GROUP, genesis);
    expect(core.membership).toEqual({ voters: [], votersOutgoing: [], learners: [] });
    for (let i = 0; i < 100; i++) core.tick();
    expect([core.role, core.term, core.hasReady()]).toEqual([Role.Learner, 6, false]);
    // Unlike one that never was given up.
    const founder = factory(false).create(GROUP, genesis).core;
    for (let i = 0; i < 20; i++) founder.tick();
    expect(founder.role).toBe(Role.PreCandidate);
  });

  it('gives no second vote in a term in which it has voted', () => {
    const { core } = factory(true).create(GROUP, genesis);
    core.step(vote(2, 1, 6, { index: 9, term: 6 }, { index: 0, term: 0 }, 1, false));
    const ready = core.ready();
    const answers = [...ready.messages, ...ready.messagesAfterPersist];
    expect(answers.every((answer) => answer.reject)).toBe(true);
    expect(core.status().votedFor).toBe(3);
  });
});
