import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { KeyMeta } from '../../../electron/contract/model.ts';
import { useClusterNow } from '../../api/use-cluster-live.tsx';
import { useSetting } from '../../app/settings.ts';
import { cx } from '../../ui/cx.ts';
import { formatBytesOrDash, formatCount, plural } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { hasModKey } from '../../ui/mod-key.ts';
import { fromBase64 } from './bytes.ts';
import { isDirty } from './editor-state.ts';
import { useOpenKeys } from './editor-store.ts';
import { changedWords } from './changed-words.ts';
import { escapeKey, splitForDisplay } from './key-text.ts';
import styles from './key-list.module.css';

/** As --row-h has it in tokens.css. */
const ROW_PX = { comfortable: 28, compact: 24 } as const;
/** A change younger than this stands out. */
const FRESH_MS = 10_000;

export interface KeyListProps {
  cluster: string;
  rows: readonly KeyMeta[];
  /** As typed; what rows share with it is drawn short. */
  prefix: string;
  /** Base64, as in the rows. */
  selected: string | null;
  hasMore: boolean;
  isLoading: boolean;
  onMore: () => void;
  onOpen: (key: string) => void;
  /** The keys that are ticked, base64. */
  checked: ReadonlyMap<string, KeyMeta>;
  onCheck: (rows: readonly KeyMeta[], checked: boolean) => void;
  /** Escape: nothing is selected any more. */
  onClear: () => void;
  ref: RefObject<HTMLDivElement | null>;
}

/** The rows in sight and no others. One tab stop; arrows, Page, Home and End move, Enter opens. */
export function KeyList({
  cluster,
  rows,
  prefix,
  selected,
  hasMore,
  isLoading,
  onMore,
  onOpen,
  checked,
  onCheck,
  onClear,
  ref,
}: KeyListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const now = useClusterNow(1_000);
  const unsaved = useOpenKeys(cluster, isDirty);
  const separator = useSetting('keySeparator');
  const rowPx = ROW_PX[useSetting('density')];
  // The head stays in sight above the rows and is as high as one.
  const headPx = rowPx;
  const [active, setActive] = useState(0);
  /** Where a range that shift extends begins. */
  const anchor = useRef(0);
  const count = rows.length + (hasMore || isLoading ? 1 : 0);
  // eslint-disable-next-line react/incompatible-library -- its functions are called in this render only, never passed on
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 6,
    scrollMargin: headPx,
    scrollPaddingStart: headPx,
  });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const items = virtual.getVirtualItems();
  const isAll = checked.size > 0 && checked.size === rows.length;

  const endInSight = (items.at(-1)?.index ?? 0) >= rows.length;
  useEffect(() => {
    if (endInSight && hasMore && !isLoading) onMore();
  }, [endInSight, hasMore, isLoading, onMore]);

  const selectedIndex = useMemo(() => rows.findIndex((row) => row.key === selected), [rows, selected]);
  useEffect(() => {
    if (selectedIndex >= 0) setActive(selectedIndex);
  }, [selectedIndex]);

  const toggle = (index: number, isRange: boolean) => {
    const row = rows[index];
    if (row === undefined) return;
    const [from, to] = isRange ? [anchor.current, index].sort((a, b) => a - b) : [index, index];
    onCheck(rows.slice(from, (to ?? index) + 1), !checked.has(row.key));
    anchor.current = index;
    setActive(index);
  };
  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setActive(index);
    virtual.scrollToIndex(index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headPx) / rowPx) - 1);
    const row = rows[active];
    const moves: Record<string, (() => void) | undefined> = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active - 1),
      PageDown: () => move(active + page),
      PageUp: () => move(active - page),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      Escape: onClear,
      Enter: () => row !== undefined && onOpen(row.key),
      ' ': () => toggle(active, event.shiftKey),
    };
    if (hasModKey(event) && event.key.toLowerCase() === 'a') {
      event.preventDefault();
      onCheck(rows, true);
      return;
    }
    const run = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };

  return (
    <div
      ref={(element) => {
        scroller.current = element;
        ref.current = element;
      }}
      className={styles.grid}
      role="grid"
      aria-label="Keys"
      aria-multiselectable="true"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-activedescendant={items.some((item) => item.index === active) ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={styles.top}>
        <div className={cx(styles.row, styles.head)} role="row" aria-rowindex={1}>
          <span role="columnheader" className={styles.keyHead}>
            <input
              type="checkbox"
              className={styles.all}
              aria-label={`Select the ${plural(rows.length, 'key')} read so far`}
              checked={isAll}
              ref={(box) => {
                if (box !== null) box.indeterminate = checked.size > 0 && !isAll;
              }}
              onChange={() => onCheck(rows, !isAll)}
            />
            Key
          </span>
          <span role="columnheader">Part.</span>
          <span role="columnheader" className={styles.right}>
            Rev
          </span>
          <span role="columnheader" className={styles.right}>
            Size
          </span>
          <span role="columnheader" className={styles.right}>
            Changed
          </span>
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = rows[item.index];
          const place = { transform: `translateY(${item.start - headPx}px)` };
          if (row === undefined) {
            return (
              <div key="more" className={cx(styles.row, styles.placed, styles.more)} style={place} role="row">
                <span role="gridcell">{isLoading ? 'Reading more…' : 'More below'}</span>
              </div>
            );
          }
          const written = splitForDisplay(escapeKey(fromBase64(row.key)), prefix, separator);
          const changedMsAgo = row.updatedAtMs === null ? null : now - row.updatedAtMs;
          return (
            <div
              key={row.key}
              id={`${id}-${item.index}`}
              className={cx(
                styles.row,
                styles.placed,
                row.key === selected && styles.selected,
                item.index === active && styles.active,
              )}
              style={place}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={checked.has(row.key)}
              aria-current={row.key === selected ? 'true' : undefined}
              onClick={() => {
                setActive(item.index);
                onOpen(row.key);
              }}
            >
              <span role="gridcell" className={cx(styles.key, 'mono')}>
                {/* For the mouse; Space ticks from the keyboard, and the row says whether it is ticked. */}
                <span
                  aria-hidden="true"
                  className={styles.tick}
                  onClick={(event) => {
                    event.stopPropagation();
                    toggle(item.index, event.shiftKey);
                  }}
                >
                  <span className={cx(styles.box, checked.has(row.key) && styles.ticked)}>
                    {checked.has(row.key) && <Icon name="check" size={11} />}
                  </span>
                </span>
                {written.shared !== '' && <span className={styles.shared}>{written.shared}</span>}
                {written.own}
                {unsaved.has(row.key) && <span className={styles.unsaved}> unsaved</span>}
              </span>
              <span role="gridcell">p{row.partition}</span>
              <span role="gridcell" className={styles.right}>
                r{formatCount(row.revision)}
              </span>
              <span role="gridcell" className={styles.right}>
                {formatBytesOrDash(row.valueSizeBytes)}
              </span>
              <span
                role="gridcell"
                className={cx(styles.right, changedMsAgo !== null && changedMsAgo < FRESH_MS && styles.fresh)}
                title={row.updatedAtMs === null ? undefined : new Date(row.updatedAtMs).toLocaleString()}
              >
                {changedMsAgo === null ? '–' : changedWords(changedMsAgo)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
