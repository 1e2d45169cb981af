import type { PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount, formatList, plural } from '../../ui/format.ts';
import { matchIndexOf } from './logs.ts';
import { isKnown, leaderOf, nameOf, quorumOf } from './roles.ts';
import { strong, text, type Words } from './words.ts';

const numbers = ['None', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'];

/** Why the commit index is what it is, with the numbers of this moment. Raft paper, 5.3 and 5.4.2. */
export function commitRule(live: PartitionLive): Words {
  const leader = leaderOf(live);
  const quorum = quorumOf(live);
  const voters = live.voters.length;
  if (!isKnown(live)) return [text('Only a leader may commit, and no replica was heard yet.')];
  if (leader === null || leader.word === null) {
    return [
      text(`Only a leader may commit. There is none now, so the commit index stays at `),
      strong(formatCount(live.partition.commitIndex)),
      text(`: what is up to there is on the disks of ${quorum} of ${voters} voters and stays.`),
    ];
  }
  const known = live.voters
    .flatMap((node) => {
      const match = matchIndexOf(live, node);
      // What a replica once acknowledged stays on its disk, also while it is away.
      return match === null || match === 0 ? [] : [{ node, match }];
    })
    .sort((a, b) => b.match - a.match);
  const silent = live.voters.filter((node) => !known.some((one) => one.node === node));
  const quorumMatch = known[quorum - 1]?.match;
  const none = silent.length === 0 ? '' : `, and nothing yet from ${formatList(silent.map(nameOf))}`;
  const list = known.flatMap(({ node, match }, i): Words => [
    ...(i === 0 ? [] : [text(', ')]),
    i === quorum - 1 ? strong(formatCount(match), 'accent') : text(formatCount(match)),
    text(` on ${nameOf(node)}`),
  ]);
  const begin = [text('The leader counts how far each voter’s disk agrees with its log: '), ...list, text(`${none}. `)];
  const { commitIndex, term } = leader.word;
  if (live.partition.commitIndex > commitIndex) {
    return [
      ...begin,
      text(
        `A follower has heard already that all up to ${formatCount(live.partition.commitIndex)} is committed; the leader’s own figures here are a moment older.`,
      ),
    ];
  }
  if (quorumMatch === undefined) {
    return [
      ...begin,
      text(
        `That is ${known.length} of ${voters}, and ${quorum} are needed: nothing new is committed beyond ${formatCount(commitIndex)}.`,
      ),
    ];
  }
  const holders = known.filter((one) => one.match >= quorumMatch).length;
  const hold = `${numbers[holders] ?? String(holders)} of ${plural(voters, 'voter')} ${holders === 1 ? 'holds' : 'hold'}`;
  if (quorumMatch <= commitIndex) {
    return [
      ...begin,
      text(`${hold} ${formatCount(quorumMatch)}, so all up to ${formatCount(commitIndex)} is committed.`),
    ];
  }
  return [
    ...begin,
    text(
      `${hold} ${formatCount(quorumMatch)}, so it is about to be committed; a leader commits by counting only entries of its own term, ${term}.`,
    ),
  ];
}
