import { useId } from 'react';
import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { termClass } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { messagesOf, type Message } from './messages.ts';
import type { Moment } from './partition-feed.ts';
import { replicaWords, ringSentence } from './replica-words.ts';
import {
  between,
  outside,
  RING_HEIGHT,
  RING_WIDTH,
  ringLayout,
  type RingLayout,
  type RingPlace,
} from './ring-layout.ts';
import { isReachable, nameOf, roleLetter } from './roles.ts';
import { ballotOf, type Ballot } from './votes.ts';
import styles from './raft.module.css';

/** A timer that is this far down is about to run out. */
const LOW = 0.34;

/** The replicas around their term, with timers, votes, cuts, and the messages of a moment ago. */
export function GroupRing({ moment }: { moment: Moment }) {
  const { live, before } = moment;
  const replicas = live.replicas.toSorted((a, b) => a.node - b.node);
  const layout = ringLayout(replicas.length);
  const placeOf = (node: number) => layout.places[replicas.findIndex((replica) => replica.node === node)];
  const messages = messagesOf(before, live);
  const ballot = ballotOf(live);
  return (
    <svg
      className={styles.ring}
      viewBox={`0 0 ${RING_WIDTH} ${RING_HEIGHT}`}
      role="img"
      aria-label={ringSentence(live, ballot)}
    >
      <circle
        className={styles.orbit}
        cx={layout.places.length === 1 ? -999 : layout.centre.x}
        cy={layout.centre.y}
        r={layout.orbitPx}
      />
      <Wires live={live} layout={layout} placeOf={placeOf} />
      {messages.map((message) => (
        <Arrow
          key={`${message.from}-${message.to}`}
          message={message}
          isCut={isCut(live, message.from, message.to)}
          layout={layout}
          placeOf={placeOf}
        />
      ))}
      <Centre ballot={ballot} layout={layout} />
      {replicas.map((replica, i) => {
        const place = layout.places[i];
        return place === undefined ? null : (
          <Node key={replica.node} live={live} replica={replica} place={place} nodePx={layout.nodePx} />
        );
      })}
      {messages.filter(isLabelled).map((message) => (
        <Pill key={`${message.from}-${message.to}`} message={message} layout={layout} placeOf={placeOf} />
      ))}
    </svg>
  );
}

function isCut(live: PartitionLive, a: number, b: number): boolean {
  return live.cuts.some((cut) => (cut.a === a && cut.b === b) || (cut.a === b && cut.b === a));
}

/** What one replica asks of all the others is written once. */
function isLabelled(message: Message, i: number, all: readonly Message[]): boolean {
  return all.findIndex(({ from, label }) => from === message.from && label === message.label) === i;
}

type PlaceOf = (node: number) => RingPlace | undefined;

/** From the leader to each other replica, and every link that is cut. */
function Wires({ live, layout, placeOf }: { live: PartitionLive; layout: RingLayout; placeOf: PlaceOf }) {
  const leader = live.partition.leader;
  const wires = live.replicas
    .filter((replica) => leader !== 0 && replica.node !== leader && !isCut(live, leader, replica.node))
    .map((replica) => ({ a: leader, b: replica.node, cut: false }));
  return [...wires, ...live.cuts.map((cut) => ({ ...cut, cut: true }))].map(({ a, b, cut }) => {
    const from = placeOf(a);
    const to = placeOf(b);
    if (from === undefined || to === undefined) return null;
    const line = between(from, to, layout.nodePx + 3);
    const middle = { x: (line.x1 + line.x2) / 2, y: (line.y1 + line.y2) / 2 };
    return (
      <g key={`${a}-${b}`}>
        <line className={cut ? styles.cut : styles.wire} {...line} />
        {cut && (
          <g className={styles.cutMark} transform={`translate(${middle.x} ${middle.y})`}>
            <circle r="7" />
            <path d="m-3.4 3.4 6.8-6.8" />
          </g>
        )}
      </g>
    );
  });
}

/** A message over a link that is cut ends there. */
const UP_TO_CUT = 0.4;

function Arrow({
  message,
  isCut: stops,
  layout,
  placeOf,
}: {
  message: Message;
  isCut: boolean;
  layout: RingLayout;
  placeOf: PlaceOf;
}) {
  const id = useId();
  const from = placeOf(message.from);
  const to = placeOf(message.to);
  if (from === undefined || to === undefined) return null;
  const line = between(from, to, layout.nodePx + 10, stops ? UP_TO_CUT : 1);
  const isReply = message.kind !== 'request';
  return (
    <>
      <marker id={id} markerWidth="9" markerHeight="9" refX="6.5" refY="4" orient="auto" markerUnits="userSpaceOnUse">
        <path className={isReply ? styles.replyHead : styles.requestHead} d="M0 .6 7.5 4 0 7.4z" />
      </marker>
      <line className={isReply ? styles.reply : styles.request} markerEnd={`url(#${id})`} {...line} />
    </>
  );
}

const CHARACTER_PX = 6.3;

function Pill({ message, layout, placeOf }: { message: Message; layout: RingLayout; placeOf: PlaceOf }) {
  const from = placeOf(message.from);
  const to = placeOf(message.to);
  if (from === undefined || to === undefined) return null;
  const width = message.label.length * CHARACTER_PX + 14;
  const { x, y } = outside(from, to, layout.centre, width);
  return (
    <g transform={`translate(${x} ${y})`}>
      <rect className={styles.pill} x={-width / 2} y={-9.5} width={width} height={19} rx={5} />
      <text className={cx(styles.pillText, message.kind === 'refusal' && styles.refused)} y={4}>
        {message.label}
      </text>
    </g>
  );
}

function Node({
  live,
  replica,
  place,
  nodePx,
}: {
  live: PartitionLive;
  replica: InspectedReplica;
  place: RingPlace;
  nodePx: number;
}) {
  const letter = roleLetter(replica);
  const [role, detail] = replicaWords(live, replica);
  const around = 2 * Math.PI * nodePx;
  const left = timerLeft(live, replica);
  const glyphPx = nodePx * 1.35;
  return (
    <g className={cx(!isReachable(replica) && replica.state !== 'partitioned' && styles.away)}>
      <circle className={styles.back} cx={place.x} cy={place.y} r={nodePx - 2} />
      <circle className={styles.track} cx={place.x} cy={place.y} r={nodePx} />
      {letter === 'L' && replica.state !== 'paused' && (
        <circle className={styles.beats} cx={place.x} cy={place.y} r={nodePx} />
      )}
      {left !== null && (
        <circle
          className={cx(styles.arc, left < LOW && styles.low)}
          cx={place.x}
          cy={place.y}
          r={nodePx}
          strokeDasharray={`${left * around} ${around}`}
          transform={`rotate(-90 ${place.x} ${place.y})`}
        />
      )}
      <svg x={place.x - glyphPx / 2} y={place.y - glyphPx / 2} width={glyphPx} height={glyphPx} overflow="visible">
        <RoleGlyph role={letter} term={letter === 'X' ? undefined : replica.word?.term} size={glyphPx} />
      </svg>
      <text x={place.label.x} y={place.label.y} textAnchor={place.label.anchor}>
        <tspan className={styles.name}>{replica.name}</tspan>
        <tspan dx="5">{role}</tspan>
      </text>
      <text className={styles.small} x={place.label.x} y={place.label.y + 15} textAnchor={place.label.anchor}>
        {detail}
      </text>
    </g>
  );
}

/** Of the longest timer, 0 to 1; null for who has none. */
function timerLeft(live: PartitionLive, replica: InspectedReplica): number | null {
  const { word } = replica;
  if (word === null || roleLetter(replica) === 'X' || replica.state === 'paused') return null;
  if (word.role === 'leader' || word.role === 'learner') return null;
  return Math.max(0, Math.min(1, word.electionLeftMs / live.electionTimeoutMs));
}

const VOTE_PX = 20;

/** The term, and who gave its leader or candidate a vote. */
function Centre({ ballot, layout }: { ballot: Ballot; layout: RingLayout }) {
  const { x } = layout.centre;
  const y = layout.centre.y - 12;
  const width = Math.max(96, ballot.votes.length * VOTE_PX + 12);
  return (
    <g className={termClass(ballot.term)}>
      <rect className={styles.back} x={x - width / 2} y={y - 22} width={width} height={86} rx={8} />
      <text className={styles.term} x={x} y={y}>
        {ballot.term === 0 ? 'Term unknown' : `Term ${ballot.term}`}
      </text>
      {ballot.votes.map((vote, i) => {
        const at = x + (i - (ballot.votes.length - 1) / 2) * VOTE_PX;
        return (
          <g key={vote.voter} transform={`translate(${at} ${y + 20})`}>
            {vote.answer === 'yes' && <circle className={styles.voteYes} r="5.5" />}
            {vote.answer === 'none' && <circle className={styles.voteNone} r="4.8" />}
            {vote.answer === 'other' && <path className={styles.voteNone} d="M0-5.4 5.4 0 0 5.4-5.4 0z" />}
            {vote.answer === 'away' && <path className={styles.voteNone} d="m-3.6-3.6 7.2 7.2m0-7.2-7.2 7.2" />}
            <text className={styles.voter} y="19">
              {nameOf(vote.voter)}
            </text>
          </g>
        );
      })}
      <text className={styles.small} x={x} y={y + 58} textAnchor="middle">
        {ballot.candidate === 0
          ? 'nobody asks for votes'
          : `${ballot.granted} of ${ballot.votes.length} votes for ${nameOf(ballot.candidate)}`}
      </text>
    </g>
  );
}
