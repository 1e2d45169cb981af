import type { GroupId } from '../../../engine/config/ids.ts';
import type { ConfChange } from '../../../engine/raft/confchange.ts';
import type { Membership, NodeId } from '../../../engine/raft/types.ts';
import { Violation } from '../violation.ts';

const NAME = 'Configuration Safety: No Two Disjoint Majorities (Raft paper, section 6)';

/** What the engine must make of a change, in the plainest words; null when it must make nothing of it. */
export function membershipAfter(before: Membership, change: ConfChange): Membership | null {
  const { voters, votersOutgoing, learners } = before;
  if (change.kind === 'leave') return votersOutgoing.length === 0 ? null : { voters, votersOutgoing: [], learners };
  const { from, target } = change;
  if (votersOutgoing.length > 0 || String(from.voters) !== String(voters)) return null;
  if (String(from.learners) !== String(learners)) return null;
  const come = target.voters.filter((id) => !voters.includes(id));
  const go = voters.filter((id) => !target.voters.includes(id));
  return {
    voters: [...target.voters].sort((a, b) => a - b),
    votersOutgoing: come.length + go.length > 1 ? voters : [],
    learners: [...target.learners].sort((a, b) => a - b),
  };
}

/** Whether these nodes can decide by themselves. */
export function decides({ voters, votersOutgoing }: Membership, agrees: (id: NodeId) => boolean): boolean {
  return [voters, votersOutgoing].every((list) => list.length === 0 || 2 * list.filter(agrees).length > list.length);
}

/** One configuration follows another: no set of nodes decides by the one while the rest decides by the other. */
export function checkConfigurations(group: GroupId, node: NodeId, before: Membership, after: Membership): void {
  const ids = [...new Set([before, after].flatMap((m) => [...m.voters, ...m.votersOutgoing]))];
  for (let bits = 0; bits < 2 ** ids.length; bits++) {
    const isIn = (id: NodeId) => (bits & (1 << ids.indexOf(id))) !== 0;
    if (!decides(before, isIn) || !decides(after, (id) => !isIn(id))) continue;
    const some = ids.filter(isIn).join(', ');
    throw new Violation(
      NAME,
      group,
      node,
      `nodes ${some} can decide by ${words(before)} while the others decide by ${words(after)}, which follows it`,
    );
  }
}

export function words({ voters, votersOutgoing, learners }: Membership): string {
  const parts = [`voters ${voters.join(' ') || 'none'}`];
  if (votersOutgoing.length > 0) parts.push(`before ${votersOutgoing.join(' ')}`);
  if (learners.length > 0) parts.push(`learners ${learners.join(' ')}`);
  return `[${parts.join(', ')}]`;
}
