import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { formatCount, formatMs, plural } from '../../ui/format.ts';
import { age } from './age.ts';
import { divergedEntries, entriesBehind, snapshotPercent } from './logs.ts';
import { inOrder, isKnown, isOldLeader, isReachable, leaderOf, nameOf, quorumOf } from './roles.ts';
import { ballotOf } from './votes.ts';
import { strong, strongList, text, type Words } from './words.ts';

/** An election is told for this long; after it, how things are is told instead. */
const FRESH_MS = 60_000;
/** So many entries behind are worth a word; fewer are on their way. */
const BEHIND = 4;

/** What just happened to the partition and what will follow, for somebody who never read of Raft. */
export function whatIsHappening(live: PartitionLive): Words {
  const sentences = [
    ...inOrder(live).flatMap((replica) => trouble(live, replica)),
    leadership(live),
    ...inOrder(live).flatMap((replica) => divergence(live, replica)),
    ...inOrder(live).flatMap((replica) => lag(live, replica)),
    safety(live),
  ].filter((sentence) => sentence.length > 0);
  return sentences.flatMap((sentence, i) => (i === 0 ? sentence : [text(' '), ...sentence]));
}

function trouble(live: PartitionLive, replica: InspectedReplica): Words[] {
  const ago = age(live.timeMs - replica.sinceMs);
  const name = strong(replica.name);
  switch (replica.state) {
    case 'live':
      return [];
    case 'suspect':
      return [[name, text(' misses heartbeats: the others do not hear it in time.')]];
    case 'paused':
      return [[text('You paused '), name, text(` ${ago} ago: its process is there and does nothing.`)]];
    case 'partitioned':
      return [[text('You cut '), name, text(` off ${ago} ago: it runs, and no message gets through.`)]];
    case 'stopped':
      return [[name, text(' does not run.')]];
    case 'dead':
      if (replica.endedBy === 'app') return [[text('You killed '), name, text(` ${ago} ago.`)]];
      if (replica.endedBy === 'command') return [[name, text(` was killed by a command ${ago} ago.`)]];
      return [[text('The process of '), name, text(` ended by itself ${ago} ago.`)]];
  }
}

function leadership(live: PartitionLive): Words {
  const leader = leaderOf(live);
  const ballot = ballotOf(live);
  const yes = ballot.votes.filter((vote) => vote.answer === 'yes').map((vote) => nameOf(vote.voter));
  if (leader !== null) {
    const won = live.events.findLast((event) => event.kind === 'electionWon' && event.term === live.partition.term);
    const since = won?.timeMs ?? live.partition.leaderSinceMs;
    const isFresh = since !== null && live.timeMs - since < FRESH_MS;
    if (isFresh && yes.length > 0) {
      return [
        strong(leader.name),
        text(
          ` won term ${live.partition.term}, ${age(live.timeMs - since)} ago, with ${yes.length === 1 ? 'the vote of ' : 'the votes of '}`,
        ),
        ...strongList(yes),
        ...others(live),
        text('. All writes go through '),
        strong(leader.name),
        text('.'),
      ];
    }
    return [
      strong(leader.name),
      text(
        ` leads term ${live.partition.term}: every write goes to it, and counts once ${quorumOf(live)} of ${plural(live.voters.length, 'voter')} have it on disk. Its heartbeat, every ${formatMs(live.heartbeatMs)}, keeps the others from standing for election.`,
      ),
    ];
  }
  const reachable = live.replicas.filter((replica) => live.voters.includes(replica.node) && isReachable(replica));
  if (reachable.length < quorumOf(live)) {
    return [
      text(
        reachable.length === 0
          ? 'No voter can be reached'
          : `Only ${reachable.length} of ${plural(live.voters.length, 'voter')} can be reached`,
      ),
      text(`, and it takes ${quorumOf(live)} to elect a leader: there is none, and nothing can be written.`),
    ];
  }
  if (ballot.candidate !== 0) {
    return [
      strong(nameOf(ballot.candidate)),
      text(` asks for votes for term ${ballot.term} and has ${ballot.granted} of the ${quorumOf(live)} it needs`),
      ...(yes.length === 0 ? [] : [text(': '), ...strongList(yes)]),
      ...others(live),
      text('.'),
    ];
  }
  const asking = reachable.find((replica) => replica.word?.role === 'preCandidate');
  if (asking !== undefined) {
    return [
      strong(asking.name),
      text(
        ' has heard no leader for too long. Before it opens a new term it asks the others whether they would vote for it.',
      ),
    ];
  }
  return [text('There is no leader. The first replica whose election timer runs out asks the others for their votes.')];
}

/** Votes of the term that went elsewhere. */
function others(live: PartitionLive): Words {
  return ballotOf(live).votes.flatMap((vote) =>
    vote.answer === 'other' ? [text('; '), strong(nameOf(vote.voter)), text(` voted for ${nameOf(vote.to)}`)] : [],
  );
}

function divergence(live: PartitionLive, replica: InspectedReplica): Words[] {
  const leader = leaderOf(live);
  if (leader === null) return [];
  const said: Words[] = [];
  if (isOldLeader(live, replica)) {
    const reason = replica.state === 'partitioned' ? 'has not heard of it' : 'does not know it yet';
    said.push([strong(replica.name), text(` ${reason} and still believes to lead term ${replica.word?.term ?? 0}.`)]);
  }
  const entries = divergedEntries(live, replica);
  if (entries > 0) {
    said.push([
      text(`${plural(entries, 'entry', 'entries')} at the end of `),
      strong(replica.name),
      text(`’s log ${entries === 1 ? 'was' : 'were'} never committed: `),
      strong(leader.name),
      text(' will '),
      strong('replace'),
      text(` ${entries === 1 ? 'it' : 'them'} ${isReachable(replica) ? 'now' : `when ${replica.name} is back`}.`),
    ]);
  }
  return said;
}

function lag(live: PartitionLive, replica: InspectedReplica): Words[] {
  const leader = leaderOf(live);
  const behind = entriesBehind(live, replica.node);
  if (leader === null || behind === null || behind < BEHIND || replica.node === leader.node) return [];
  const progress = leader.word?.progress.find((one) => one.node === replica.node);
  const count = plural(behind, 'entry', 'entries');
  if (!isReachable(replica)) return [[strong(replica.name), text(` misses ${count} by now.`)]];
  if (progress?.state === 'snapshot') {
    const percent = snapshotPercent(live, replica.node);
    return [
      [
        strong(replica.name),
        text(` is ${count} behind, further than the log of `),
        strong(leader.name),
        text(' reaches back: it is sent a copy of the whole state (a snapshot)'),
        text(percent === null ? '.' : `, ${percent} % so far.`),
      ],
    ];
  }
  return [[strong(replica.name), text(` is ${count} behind and is being sent them.`)]];
}

function safety(live: PartitionLive): Words {
  const troubled = live.replicas.some((replica) => replica.state !== 'live') || live.partition.leader === 0;
  // Of a cluster that has not spoken since the app was opened nothing can be promised.
  if (!troubled || !isKnown(live)) return [];
  const { commitIndex } = live.partition;
  return [
    text(
      `No acknowledged write is lost: all up to ${formatCount(commitIndex)} is on the disks of at least ${quorumOf(live)} voters, whoever is away.`,
    ),
  ];
}
