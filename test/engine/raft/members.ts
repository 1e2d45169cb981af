import { expect } from 'vitest';
import { decodeConfChange } from '../../../engine/raft/confchange-codec.ts';
import type { ConfChange } from '../../../engine/raft/confchange.ts';
import { EntryType, MessageType } from '../../../engine/raft/types.ts';
import type { Entry, Membership, NodeId } from '../../../engine/raft/types.ts';
import { Member, type Options } from './harness.ts';

/** What tests of membership changes share. */

const { Append, AppendResponse } = MessageType;

export const THREE = { voters: [1, 2, 3], learners: [] };

export function enter(
  from: { voters: NodeId[]; learners: NodeId[] },
  voters: NodeId[],
  learners: NodeId[] = [],
): ConfChange {
  return { kind: 'enter', from, target: { voters, learners } };
}

/** These followers have everything that the leader has. */
export function acknowledge(leader: Member, ...from: NodeId[]): void {
  for (const id of from) leader.step({ type: AppendResponse, from: id, index: leader.raft.lastIndex });
  leader.settle();
}

export function membershipOf(member: Member): Membership {
  return member.raft.status().membership;
}

/** The change that the leader appended last, or null. */
export function lastChange(member: Member): ConfChange | null {
  const last = member.disk.log.findLast((e) => e.type === EntryType.ConfChange);
  return last === undefined ? null : decodeConfChange(last.data);
}

/** Proposes, has these followers store it, and applies it. */
export function change(leader: Member, voters: NodeId[], learners: NodeId[], followers: NodeId[]): void {
  expect(leader.raft.proposeMembership({ voters, learners })).toMatchObject({ accepted: true });
  leader.settle();
  acknowledge(leader, ...followers);
}

/** A follower of node 2 that has these entries, of which so many are committed. */
export function followerWith(entries: readonly Entry[], commit: number, options: Options = {}, apply = true): Member {
  const follower = new Member(options);
  follower.step({ type: Append, from: 2, term: entries.at(-1)?.term ?? 1, entries, commit });
  if (apply) follower.settle();
  return follower;
}
