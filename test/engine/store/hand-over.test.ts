import { describe, expect, it } from 'vitest';
import { NONE, Role, type ProgressStatus, type RaftCore, type TransferRefusal } from '../../../engine/raft/types.ts';
import { Group } from '../../../engine/store/group.ts';
import { HandOver } from '../../../engine/store/hand-over.ts';

/** A leader of what the test says, that remembers whom it was told to hand over to. */
class ScriptedCore {
  role: Role = Role.Leader;
  transferringTo = NONE;
  refuses: TransferRefusal = null;
  readonly asked: number[] = [];
  progress: ProgressStatus[] = [follower(2), follower(3)];
  voters = [1, 2, 3];

  status(): object {
    const membership = { voters: this.voters, votersOutgoing: [], learners: [] };
    return { lastIndex: 5000, membership, progress: this.progress, transferringTo: this.transferringTo };
  }

  transferLeadership(to: number): TransferRefusal {
    if (this.refuses !== null) return this.refuses;
    this.asked.push(to);
    this.transferringTo = to;
    return null;
  }
}

function follower(id: number, matchIndex = 5000, recentlyActive = true): ProgressStatus {
  return { id, matchIndex, nextIndex: matchIndex + 1, state: 'replicate', inFlight: 0, recentlyActive };
}

function groupsOf(...cores: ScriptedCore[]): Group[] {
  return cores.map((core, i) => new Group(i + 1, core as unknown as RaftCore, 0, 1));
}

const nobodySuspect = (): boolean => false;

describe('a node that hands over', () => {
  it('spreads what it leads over the others', () => {
    const cores = Array.from({ length: 4 }, () => new ScriptedCore());
    expect(new HandOver(nobodySuspect).offer(groupsOf(...cores))).toHaveLength(4);
    expect(cores.map((core) => core.asked)).toEqual([[2], [3], [2], [3]]);
  });

  it('leaves what others lead, and is done when nothing is left', () => {
    const core = new ScriptedCore();
    core.role = Role.Follower;
    expect(new HandOver(nobodySuspect).offer(groupsOf(core))).toEqual([]);
    expect(core.asked).toEqual([]);
  });

  it('waits for an heir that was asked, and asks another when that one did not take it', () => {
    const core = new ScriptedCore();
    const handOver = new HandOver(nobodySuspect);
    const groups = groupsOf(core);
    for (let i = 0; i < 3; i++) expect(handOver.offer(groups)).toHaveLength(1);
    core.transferringTo = NONE;
    handOver.offer(groups);
    expect(core.asked).toEqual([2, 3]);
  });

  it('prefers who is nearly in step, and passes over who is silent, suspect or no voter', () => {
    const core = new ScriptedCore();
    core.progress = [follower(2, 10), follower(3, 5000, false), follower(4), follower(5), follower(6)];
    core.voters = [1, 2, 3, 4, 5];
    new HandOver((peer) => peer === 4).offer(groupsOf(core));
    expect(core.asked).toEqual([5]);
  });

  it('keeps what nobody can take', () => {
    const core = new ScriptedCore();
    core.progress = [follower(2, 5000, false)];
    expect(new HandOver(nobodySuspect).offer(groupsOf(core))).toEqual([]);
  });
});
