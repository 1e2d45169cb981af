import { useQueryClient } from '@tanstack/react-query';
import { Fragment, type KeyboardEvent } from 'react';
import type { KeyFolder } from '../../../electron/contract/bulk-keys.ts';
import type { ReadMode } from '../../../electron/contract/model.ts';
import { changeSettings, useSetting } from '../../app/settings.ts';
import { IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { fromBase64 } from './bytes.ts';
import { escapeKey } from './key-text.ts';
import { PartitionBars } from './partition-bars.tsx';
import { useTreeLevel } from './use-tree-level.ts';
import styles from './prefix-tree.module.css';

const separators = ['/', ':', '.', '-', '_', '|'];
const INDENT_PX = 14;

interface TreeContext {
  readonly cluster: string;
  readonly separator: string;
  readonly readMode: ReadMode;
  /** The prefix of the list, base64. */
  readonly current: string;
  readonly open: ReadonlySet<string>;
  readonly onToggle: (prefix: string) => void;
  readonly onOpen: (prefix: string) => void;
}

/** Where the keys are, level by level: a folder is read when it is opened, and counts say how far they were counted. */
export function PrefixTree({
  cluster,
  readMode,
  current,
  total,
  open,
  onFold,
  onOpen,
}: {
  cluster: string;
  readMode: ReadMode;
  current: string;
  /** Keys of the whole cluster; null while unknown. */
  total: number | null;
  /** The folders that are folded out, base64; kept by the screen, since the tree goes away on a narrow window. */
  open: ReadonlySet<string>;
  onFold: (change: (open: ReadonlySet<string>) => ReadonlySet<string>) => void;
  onOpen: (prefix: string) => void;
}) {
  const separator = useSetting('keySeparator');
  const client = useQueryClient();
  const toggle = (prefix: string) =>
    onFold((now) => new Set(now.has(prefix) ? [...now].filter((one) => one !== prefix) : [...now, prefix]));
  const context: TreeContext = { cluster, separator, readMode, current, open, onToggle: toggle, onOpen };
  const offered = separators.includes(separator) ? separators : [separator, ...separators];
  return (
    <nav className={styles.pane} aria-label="Prefixes">
      <header className={styles.header}>
        <h2>Prefixes</h2>
        <label className={styles.split}>
          split at
          <select value={separator} onChange={(event) => changeSettings({ keySeparator: event.target.value })}>
            {offered.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <IconButton
          icon="restart"
          size="small"
          label="Count again"
          onClick={() => void client.resetQueries({ queryKey: ['keys.tree', cluster] })}
        />
      </header>
      <div className={styles.tree} role="tree" aria-label="Prefixes" onKeyDown={moveInTree}>
        <TreeRow
          level={1}
          isOpen
          isCurrent={current === ''}
          isFirst
          onOpen={() => onOpen('')}
          onToggle={null}
          title="Every key of the cluster"
          count={total === null ? '' : formatCount(total)}
        >
          All keys
        </TreeRow>
        <Level prefix="" level={2} context={context} />
      </div>
      <PartitionBars cluster={cluster} prefix={current} readMode={readMode} />
    </nav>
  );
}

/** The folders below one prefix. */
function Level({ prefix, level, context }: { prefix: string; level: number; context: TreeContext }) {
  const { cluster, separator, readMode, open, current, onToggle, onOpen } = context;
  const reading = useTreeLevel({ cluster, prefix, separator, readMode });
  const folders = reading.data?.pages.flatMap((page) => page.folders) ?? [];
  const cut = fromBase64(prefix).length;
  const note = reading.isPending ? 'counting…' : reading.error !== null ? 'could not be read' : null;
  return (
    <>
      {folders.map((folder) => {
        const isOpen = open.has(folder.prefix);
        const bytes = fromBase64(folder.prefix);
        return (
          <Fragment key={folder.prefix}>
            <TreeRow
              level={level}
              isOpen={isOpen}
              isCurrent={current === folder.prefix}
              onOpen={() => {
                onOpen(folder.prefix);
                if (!isOpen) onToggle(folder.prefix);
              }}
              onToggle={() => onToggle(folder.prefix)}
              title={`${escapeKey(bytes)}: ${countWords(folder)}`}
              count={`${formatCount(folder.count)}${folder.isExact ? '' : '+'}`}
            >
              {escapeKey(bytes.subarray(cut))}
            </TreeRow>
            {isOpen && <Level prefix={folder.prefix} level={level + 1} context={context} />}
          </Fragment>
        );
      })}
      {note !== null && (
        <p className={styles.note} style={indent(level)} role="none">
          {note}
        </p>
      )}
      {reading.hasNextPage && (
        <TreeRow
          level={level}
          isOpen={null}
          isCurrent={false}
          onOpen={() => void reading.fetchNextPage()}
          onToggle={null}
          title="Reads on from where the counting ended"
          count=""
        >
          {reading.isFetchingNextPage ? 'counting…' : 'more…'}
        </TreeRow>
      )}
    </>
  );
}

/** "1,204 keys"; what was not counted to its end has at least so many. */
function countWords({ count, isExact }: KeyFolder): string {
  return isExact ? plural(count, 'key') : `at least ${plural(count, 'key')}`;
}

const indent = (level: number) => ({ paddingLeft: 6 + (level - 1) * INDENT_PX });

/** One row: Enter opens it in the list, right and left fold it out and in. */
function TreeRow({
  level,
  isOpen,
  isCurrent,
  isFirst = false,
  onOpen,
  onToggle,
  title,
  count,
  children,
}: {
  level: number;
  /** Null for a row that has nothing below it. */
  isOpen: boolean | null;
  isCurrent: boolean;
  isFirst?: boolean;
  onOpen: () => void;
  onToggle: (() => void) | null;
  title: string;
  count: string;
  children: string;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const wants = event.key === 'ArrowRight' ? true : event.key === 'ArrowLeft' ? false : null;
    const folds = wants !== null && wants !== isOpen && onToggle !== null;
    if (!folds && event.key !== 'Enter') return;
    event.preventDefault();
    event.stopPropagation();
    if (folds) onToggle();
    else onOpen();
  };
  return (
    <div
      role="treeitem"
      aria-level={level}
      aria-selected={isCurrent}
      {...(isOpen !== null && { 'aria-expanded': isOpen })}
      className={cx(styles.row, isCurrent && styles.current)}
      style={indent(level)}
      tabIndex={isCurrent || isFirst ? 0 : -1}
      title={title}
      onClick={onOpen}
      onKeyDown={onKeyDown}
    >
      <span
        className={styles.chevron}
        aria-hidden="true"
        onClick={(event) => {
          if (onToggle === null) return;
          event.stopPropagation();
          onToggle();
        }}
      >
        {isOpen !== null && <Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={12} />}
      </span>
      <span className={cx(styles.name, level > 1 && 'mono')}>{children}</span>
      <span className={styles.count}>{count}</span>
    </div>
  );
}

/** Up, down, home and end over the rows in sight; left goes to the row that holds this one. */
function moveInTree(event: KeyboardEvent<HTMLDivElement>): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  if (at < 0) return;
  const levelOf = (row: HTMLElement | undefined) => Number(row?.getAttribute('aria-level'));
  const parent = rows.slice(0, at).findLastIndex((row) => levelOf(row) < levelOf(rows[at]));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, ArrowLeft: parent }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, to))]?.focus();
}
