import { useId } from 'react';
import type { InspectedReplica, PartitionLive } from '../../../electron/contract/model.ts';
import { termClass } from '../../ui/badge.tsx';
import { formatCount } from '../../ui/format.ts';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { logSentence, logSubject } from './log-words.ts';
import { axisTicks, divergesAt, indexAxis, stretchesOf, type IndexAxis, type Stretch } from './logs.ts';
import { inOrder, leaderOf, roleLetter } from './roles.ts';
import styles from './raft.module.css';

export const NAMES_PX = 140;
export const COLUMN_PX = 36.8;
const RIGHT_PX = 14;
const TOP_PX = 38;
const ROW_PX = 31;
const STRIP_PX = 21;
/** A bar this wide holds its term. */
const TERM_PX = 22;
const TICK_APART_PX = 110;

/** Where indexes lie: `left` and `right` edge of an entry. */
export interface Scale {
  readonly axis: IndexAxis;
  readonly pxPerEntry: number;
  left(index: number): number;
  right(index: number): number;
}

/** The logs of all replicas, one strip each, on one axis of indexes. */
export function LogStrips({ live, width }: { live: PartitionLive; width: number }) {
  const hatch = useId();
  const room = width - NAMES_PX - RIGHT_PX;
  const axis = indexAxis(live, Math.floor(room / COLUMN_PX));
  const pxPerEntry = room / (axis.toIndex - axis.fromIndex + 1);
  const left = (index: number) => NAMES_PX + Math.max(0, Math.min(room, (index - axis.fromIndex) * pxPerEntry));
  const scale: Scale = { axis, pxPerEntry, left, right: (index) => left(index + 1) };
  const replicas = inOrder(live);
  const height = TOP_PX + replicas.length * ROW_PX + 4;
  return (
    <>
      <svg className={styles.logs} width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v6" className={styles.hatch} />
        </pattern>
        <text x="14" y="30">
          index
        </text>
        {axisTicks(axis, room / TICK_APART_PX).map((index) => {
          const x = (scale.left(index) + scale.right(index)) / 2;
          return (
            <g key={index}>
              <path className={styles.tick} d={`M${x} 34V${height}`} />
              <text x={x} y="30" textAnchor="middle">
                {formatCount(index)}
              </text>
            </g>
          );
        })}
        {replicas.map((replica, row) => (
          <g key={replica.node} transform={`translate(0 ${TOP_PX + row * ROW_PX})`}>
            <Strip live={live} replica={replica} scale={scale} hatch={hatch} />
          </g>
        ))}
        <CommitLine live={live} scale={scale} height={height} width={width} />
      </svg>
      <ul className="sr-only" aria-label="Logs">
        {replicas.map((replica) => (
          <li key={replica.node}>{logSentence(live, replica)}</li>
        ))}
      </ul>
    </>
  );
}

const COMMIT_LABEL_PX = 122;

function CommitLine({
  live,
  scale,
  height,
  width,
}: {
  live: PartitionLive;
  scale: Scale;
  height: number;
  width: number;
}) {
  const { commitIndex } = live.partition;
  if (commitIndex < scale.axis.fromIndex || commitIndex > scale.axis.toIndex) return null;
  const x = scale.right(commitIndex) - 0.8;
  const middle = Math.min(width - COMMIT_LABEL_PX / 2 - 2, x);
  return (
    <g>
      <path className={styles.commit} d={`M${x} 19V${height}`} />
      <rect
        className={styles.commitBox}
        x={middle - COMMIT_LABEL_PX / 2}
        y="2"
        width={COMMIT_LABEL_PX}
        height="17"
        rx="4"
      />
      <text className={styles.commitText} x={middle} y="14.5">
        committed {formatCount(commitIndex)}
      </text>
    </g>
  );
}

function Strip({
  live,
  replica,
  scale,
  hatch,
}: {
  live: PartitionLive;
  replica: InspectedReplica;
  scale: Scale;
  hatch: string;
}) {
  const { word } = replica;
  const { axis } = scale;
  const conflict = divergesAt(live, replica);
  const letter = roleLetter(replica);
  const isOffAxis = word !== null && word.lastLogIndex > 0 && word.lastLogIndex < axis.fromIndex;
  return (
    <>
      <svg x="14" y="0.5" width="20" height="20">
        <RoleGlyph role={letter} term={letter === 'X' ? undefined : word?.term} size={20} />
      </svg>
      <text className={styles.rowName} x="42" y="15">
        {replica.name}
      </text>
      <text x="64" y="15">
        {logSubject(live, replica)}
      </text>
      {word === null || word.lastLogIndex === 0 || isOffAxis ? (
        <text x={NAMES_PX} y="15">
          {word === null
            ? 'its log was not read yet'
            : isOffAxis
              ? `its log ends at ${formatCount(word.lastLogIndex)}, left of what is shown`
              : 'empty'}
        </text>
      ) : (
        <>
          {word.firstLogIndex > axis.fromIndex && (
            <Snapshot upTo={word.firstLogIndex - 1} scale={scale} hatch={hatch} />
          )}
          {stretchesOf(live, replica, axis.fromIndex, axis.toIndex).flatMap((stretch) => entriesOf(stretch, scale))}
          {word.appliedIndex >= Math.max(axis.fromIndex, word.firstLogIndex) && (
            <path
              className={styles.applied}
              d={`M${scale.left(Math.max(axis.fromIndex, word.firstLogIndex)) + 2} ${STRIP_PX + 2.5}H${scale.right(Math.min(word.appliedIndex, word.lastLogIndex)) - 3}`}
            />
          )}
          {conflict !== null && <Conflict from={conflict} to={word.lastLogIndex} scale={scale} />}
        </>
      )}
      <Markers live={live} replica={replica} scale={scale} />
    </>
  );
}

function Snapshot({ upTo, scale, hatch }: { upTo: number; scale: Scale; hatch: string }) {
  const x = scale.left(scale.axis.fromIndex);
  const width = scale.right(upTo) - x - 1.6;
  const words = `snapshot ≤ ${formatCount(upTo)}`;
  return (
    <>
      <rect
        className={styles.snapshot}
        fill={`url(#${hatch})`}
        x={x}
        y="0"
        width={Math.max(2, width)}
        height={STRIP_PX}
        rx="3"
      />
      {width > words.length * 6.2 && (
        <text className={styles.snapshotText} x={x + 8} y="14.5">
          {words}
        </text>
      )}
    </>
  );
}

/** A stretch as one cell for each entry, or as one bar. */
function entriesOf(stretch: Stretch, scale: Scale) {
  const parts = scale.axis.hasCells
    ? Array.from({ length: stretch.toIndex - stretch.fromIndex + 1 }, (_, i) => {
        const index = stretch.fromIndex + i;
        return { fromIndex: index, toIndex: index };
      })
    : [stretch];
  return parts.map(({ fromIndex, toIndex }) => {
    const x = scale.left(fromIndex);
    const width = Math.max(1, scale.right(toIndex) - x - (scale.axis.hasCells ? 1.6 : 0.6));
    const look = stretch.isCommitted ? styles.entry : styles.open;
    const inset = stretch.isCommitted ? 0 : 0.8;
    return (
      // By place, not by index: a log that moves on then changes next to nothing of what is drawn.
      <g
        key={scale.axis.hasCells ? fromIndex - scale.axis.fromIndex : fromIndex}
        className={stretch.term === null ? styles.unread : termClass(stretch.term)}
      >
        <rect
          className={look}
          x={x + inset}
          y={inset}
          width={Math.max(0.5, width - 2 * inset)}
          height={STRIP_PX - 2 * inset}
          rx={Math.min(3, width / 3)}
        />
        {stretch.term !== null && width >= TERM_PX && (
          <text className={styles.entryText} x={x + width / 2} y="14.3">
            {stretch.term}
          </text>
        )}
      </g>
    );
  });
}

const CONFLICT_TEXT_PX = 140;

function Conflict({ from, to, scale }: { from: number; to: number; scale: Scale }) {
  const x = scale.left(from) - 2;
  const end = scale.right(to);
  const hasRoom = scale.right(scale.axis.toIndex) - end > CONFLICT_TEXT_PX;
  return (
    <>
      <rect className={styles.conflict} x={x} y="-2" width={Math.max(4, end - x + 1)} height={STRIP_PX + 4} rx="5" />
      <text
        className={styles.conflictText}
        x={hasRoom ? end + 8 : x - 8}
        y="14.5"
        textAnchor={hasRoom ? 'start' : 'end'}
      >
        conflict: will be replaced
      </text>
    </>
  );
}

/** What the leader knows of a follower: up to where both agree, and what it sends next. */
function Markers({ live, replica, scale }: { live: PartitionLive; replica: InspectedReplica; scale: Scale }) {
  const progress = leaderOf(live)?.word?.progress.find((one) => one.node === replica.node);
  if (progress === undefined) return null;
  const { axis } = scale;
  const match = progress.matchIndex >= axis.fromIndex ? scale.right(progress.matchIndex) - 1.6 : null;
  const next = progress.nextIndex >= axis.fromIndex ? scale.left(progress.nextIndex) : null;
  return (
    <>
      {match !== null && <path className={styles.match} d={`M${match - 9} ${STRIP_PX + 0.8}h9v-7z`} />}
      {next !== null && <path className={styles.next} d={`M${next + 2} -0.5v7l6-3.5z`} />}
    </>
  );
}
