import { memo, useRef, useState, type KeyboardEvent } from 'react';
import { useClusterNow, useView } from '../../api/use-cluster-live.tsx';
import { TermTag } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { Panel } from '../../ui/panel.tsx';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { StatusShape } from '../../ui/status-shape.tsx';
import { moveInGrid, type Place } from './grid-keys.ts';
import { matrixRows, matrixSummary, type MatrixCell, type MatrixRow } from './matrix-cells.ts';
import { MatrixLegend } from './matrix-legend.tsx';
import styles from './role-matrix.module.css';

/** Few columns do not stretch beyond this. */
const WIDEST_COLUMN_PX = 132;
const FIRST_COLUMN_PX = 74;

/** Which node is what to which partition. One tab stop; arrows move; each cell reads as a sentence. */
export function RoleMatrix() {
  const view = useView((whole) => whole);
  const now = useClusterNow(1_000);
  const rows = matrixRows(view, now);
  const [pointed, setPointed] = useState<Place | null>(null);
  const [tabStop, setTabStop] = useState<Place>({ row: 0, column: 0 });
  const table = useRef<HTMLTableElement>(null);
  const columns = view.partitions.length;
  const stop = { row: Math.min(tabStop.row, rows.length - 1), column: Math.min(tabStop.column, columns - 1) };
  const said = pointed === null ? null : rows[pointed.row]?.cells[pointed.column]?.sentence;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      setPointed(null);
      return;
    }
    const to = moveInGrid(event.key, stop, rows.length, columns);
    if (to === null) return;
    event.preventDefault();
    setTabStop(to);
    table.current?.querySelector<HTMLElement>(`[data-row="${to.row}"][data-column="${to.column}"]`)?.focus();
  };
  const placeOf = (target: EventTarget): Place | null => {
    const cell = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
    return cell === null ? null : { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) };
  };

  return (
    <Panel
      className={styles.panel}
      title="Roles by partition"
      hint={said === null || said === undefined ? matrixSummary(view, now) : <Sentence text={said} />}
    >
      <div className={styles.scroll}>
        <table
          ref={table}
          className={styles.matrix}
          role="grid"
          aria-label="Raft role of each node in each partition"
          style={{ minWidth: `min(100%, ${FIRST_COLUMN_PX + columns * WIDEST_COLUMN_PX}px)` }}
          onKeyDown={onKeyDown}
          onFocus={(event) => {
            const place = placeOf(event.target);
            setPointed(place);
            if (place !== null) setTabStop(place);
          }}
          onBlur={() => setPointed(null)}
          onPointerOver={(event) => setPointed(placeOf(event.target))}
          onPointerLeave={() => setPointed(null)}
        >
          <thead>
            <tr>
              <td className={styles.corner} />
              {view.partitions.map((partition, column) => (
                <th key={partition.partition} scope="col" className={cx(pointed?.column === column && styles.lit)}>
                  <span>
                    p{partition.partition} <TermTag term={partition.term} />
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <Row
                key={row.node.id}
                row={row}
                index={index}
                pointed={pointed}
                stopColumn={stop.row === index ? stop.column : null}
              />
            ))}
          </tbody>
        </table>
      </div>
      <MatrixLegend />
    </Panel>
  );
}

function Sentence({ text }: { text: string }) {
  const name = text.split(' ', 1)[0] ?? '';
  return (
    <>
      <b>{name}</b>
      {text.slice(name.length)}
    </>
  );
}

function Row({
  row,
  index,
  pointed,
  stopColumn,
}: {
  row: MatrixRow;
  index: number;
  pointed: Place | null;
  stopColumn: number | null;
}) {
  const { node, cells } = row;
  const down = node.state !== 'live' && node.state !== 'suspect';
  const litRow = pointed?.row === index;
  return (
    <tr className={cx(down && styles.down, litRow && styles.lit)}>
      <th scope="row">
        <span>
          <StatusShape state={node.state} />
          {node.name}
          <span className="sr-only">, {node.state}</span>
        </span>
      </th>
      {cells.map((cell, column) => (
        <Cell
          // The column is the partition: both lists have the view's order.
          // eslint-disable-next-line react/no-array-index-key
          key={column}
          row={index}
          column={column}
          role={cell.role}
          term={cell.term}
          figure={cell.figure}
          words={cell.words}
          isNewLeader={cell.isNewLeader}
          lag={cell.lag}
          sentence={cell.sentence}
          look={litRow && pointed.column === column ? 'cell' : pointed?.column === column ? 'column' : 'plain'}
          tabStop={stopColumn === column}
        />
      ))}
    </tr>
  );
}

interface CellProps extends MatrixCell {
  row: number;
  column: number;
  look: 'cell' | 'column' | 'plain';
  tabStop: boolean;
}

/** Takes its cell as plain values, so that an unchanged one is not drawn again. */
const Cell = memo(function Cell(props: CellProps) {
  const { row, column, role, term, figure, words, isNewLeader, lag, sentence, look, tabStop } = props;
  return (
    <td
      role="gridcell"
      data-row={row}
      data-column={column}
      tabIndex={tabStop ? 0 : -1}
      className={cx(look === 'cell' && styles.pointed, look === 'column' && styles.lit)}
    >
      <span className="sr-only">{sentence}</span>
      <div className={styles.cell} aria-hidden="true">
        {role === null ? (
          <span className={styles.absent}>–</span>
        ) : (
          <span key={`${role}${isNewLeader ? '!' : ''}`} className={cx(isNewLeader && styles.morph)}>
            <RoleGlyph role={role} term={term ?? undefined} />
          </span>
        )}
        <span>
          {figure !== null && <b>{figure}</b>}
          {words !== null && <span className={styles.words}>{words}</span>}
          {isNewLeader && <span className={styles.fresh}>new leader</span>}
          {lag !== null && <LagBar fraction={lag} />}
        </span>
      </div>
    </td>
  );
});

function LagBar({ fraction }: { fraction: number }) {
  return (
    <svg className={styles.lag} viewBox="0 0 44 3" aria-hidden="true">
      <rect width={Math.max(2, fraction * 44)} height="3" />
    </svg>
  );
}
