import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';
import { useClusterNow, useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { clusterPath } from '../../app/paths.ts';
import { TermTag } from '../../ui/badge.tsx';
import { ContextMenu } from '../../ui/context-menu.tsx';
import { cx } from '../../ui/cx.ts';
import type { MenuItem } from '../../ui/menu.tsx';
import { Panel } from '../../ui/panel.tsx';
import { StatusShape } from '../../ui/status-shape.tsx';
import { raftPath } from '../raft/raft-route.ts';
import { COLUMN_PX, moveInGrid, type Place } from './grid-keys.ts';
import { MatrixCellView } from './matrix-cell.tsx';
import { matrixRows, matrixSummary, type ColumnRange, type MatrixRow } from './matrix-cells.ts';
import { MatrixLegend } from './matrix-legend.tsx';
import { BalanceButton } from './balance-button.tsx';
import { transferTargets, transferWords } from './transfer.ts';
import { useColumnsInView } from './use-columns-in-view.ts';
import styles from './role-matrix.module.css';

/** Few columns do not stretch beyond this. */
const WIDEST_COLUMN_PX = 132;
const FIRST_COLUMN_PX = 74;

/**
 * Which node is what to which partition. One tab stop; arrows move; each cell reads as a
 * sentence and leads to the inside of its partition.
 */
export function RoleMatrix({ mayMove }: { mayMove: boolean }) {
  const view = useView((whole) => whole);
  const { run } = useCommand();
  /** The partition whose cell was asked what can be done. */
  const [asked, setAsked] = useState<number | null>(null);
  const now = useClusterNow(1_000);
  const [, navigate] = useLocation();
  const scroller = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef<Place | null>(null);
  const [pointed, setPointed] = useState<Place | null>(null);
  const [tabStop, setTabStop] = useState<Place>({ row: 0, column: 0 });
  const columns = view.partitions.length;
  const range = useColumnsInView(scroller, columns);
  const rows = matrixRows(view, now, range);
  const said = pointed === null ? undefined : rows[pointed.row]?.cells[pointed.column - range.first]?.sentence;
  // A tab stop that is scrolled out of sight is lent to a column that is drawn.
  const stop = {
    row: Math.min(tabStop.row, rows.length - 1),
    column: Math.max(range.first, Math.min(tabStop.column, range.end - 1)),
  };

  useEffect(() => {
    const place = wantsFocus.current;
    if (place === null) return;
    const cell = scroller.current?.querySelector<HTMLElement>(
      `[data-row="${place.row}"][data-column="${place.column}"]`,
    );
    if (cell === null || cell === undefined) return;
    wantsFocus.current = null;
    cell.focus();
  });

  const open = (place: Place | null) => {
    const partition = place === null ? undefined : view.partitions[place.column];
    if (partition !== undefined) navigate(clusterPath(view.summary.name, raftPath(partition.partition)));
  };

  const items: MenuItem[] =
    asked === null
      ? []
      : [
          {
            label: `Inspect p${asked}`,
            icon: 'cluster',
            onSelect: () => navigate(clusterPath(view.summary.name, raftPath(asked))),
          },
          ...(mayMove ? transferTargets(view, asked) : []).map((node): MenuItem => {
            const { label, failed } = transferWords(asked, node.name);
            const input = { cluster: view.summary.name, partition: asked, to: node.id };
            return { label, icon: 'swap', onSelect: () => void run('partition.transfer', input, { failed }) };
          }),
        ];

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setPointed(null);
    if (event.key === 'Enter') open(placeOf(event.target));
    const to = moveInGrid(event.key, stop, rows.length, columns);
    if (to === null) return;
    event.preventDefault();
    wantsFocus.current = to;
    setTabStop(to);
    if (to.column < range.first || to.column >= range.end) {
      scroller.current?.scrollTo({ left: to.column * COLUMN_PX });
    }
  };

  return (
    <Panel
      className={styles.panel}
      title="Roles by partition"
      hint={said === undefined ? matrixSummary(view, now) : <Sentence text={said} />}
      actions={mayMove && <BalanceButton />}
    >
      <div ref={scroller} className={styles.scroll}>
        <ContextMenu label={asked === null ? 'Partition' : `Partition p${asked}`} items={items}>
          <table
            className={styles.matrix}
            role="grid"
            aria-label="Raft role of each node in each partition. Enter opens the partition."
            aria-colcount={columns + 1}
            style={{ minWidth: `min(100%, ${FIRST_COLUMN_PX + columns * WIDEST_COLUMN_PX}px)` }}
            onKeyDown={onKeyDown}
            onClick={(event) => open(placeOf(event.target))}
            onFocus={(event) => {
              const place = placeOf(event.target);
              setPointed(place);
              if (place !== null) setTabStop(place);
            }}
            onBlur={() => setPointed(null)}
            onContextMenu={(event) => {
              const place = placeOf(event.target);
              setAsked(place === null ? null : (view.partitions[place.column]?.partition ?? null));
            }}
            onPointerOver={(event) => setPointed(placeOf(event.target))}
            onPointerLeave={() => setPointed(null)}
          >
            <thead>
              <tr>
                <td className={styles.corner} />
                <Spacer columns={range.first} />
                {view.partitions.slice(range.first, range.end).map((partition, i) => (
                  <th
                    key={partition.partition}
                    scope="col"
                    aria-colindex={range.first + i + 2}
                    className={cx(pointed?.column === range.first + i && styles.lit)}
                  >
                    <span>
                      p{partition.partition} <TermTag term={partition.term} />
                    </span>
                  </th>
                ))}
                <Spacer columns={columns - range.end} />
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <Row
                  key={row.node.id}
                  row={row}
                  index={index}
                  range={range}
                  columns={columns}
                  pointed={pointed}
                  stopColumn={stop.row === index ? stop.column : null}
                />
              ))}
            </tbody>
          </table>
        </ContextMenu>
      </div>
      <MatrixLegend />
    </Panel>
  );
}

function placeOf(target: EventTarget): Place | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  return cell === null ? null : { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) };
}

/** Stands for columns that are not drawn. */
function Spacer({ columns }: { columns: number }) {
  return columns > 0 ? <td role="presentation" style={{ width: columns * COLUMN_PX }} /> : null;
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
  range,
  columns,
  pointed,
  stopColumn,
}: {
  row: MatrixRow;
  index: number;
  range: ColumnRange;
  columns: number;
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
      <Spacer columns={range.first} />
      {cells.map((cell, i) => {
        const column = range.first + i;
        return (
          <MatrixCellView
            key={column}
            row={index}
            column={column}
            {...cell}
            look={litRow && pointed.column === column ? 'cell' : pointed?.column === column ? 'column' : 'plain'}
            tabStop={stopColumn === column}
          />
        );
      })}
      <Spacer columns={columns - range.end} />
    </tr>
  );
}
