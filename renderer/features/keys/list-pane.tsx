import { lazy, Suspense, useEffect, useState, type RefObject } from 'react';
import { toApiError } from '../../api/errors.ts';
import type { KeyMeta, ReadMode } from '../../../electron/contract/model.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatAgo, plural } from '../../ui/format.ts';
import { Menu } from '../../ui/menu.tsx';
import { fromBase64 } from './bytes.ts';
import { KeyList } from './key-list.tsx';
import { escapeKey } from './key-text.ts';
import type { Scope } from './transfer/scope.ts';
import type { useKeyPages } from './use-key-pages.ts';
import styles from './keys-screen.module.css';

const ExportDialog = lazy(async () => ({ default: (await import('./transfer/export-dialog.tsx')).ExportDialog }));
const ImportDialog = lazy(async () => ({ default: (await import('./transfer/import-dialog.tsx')).ImportDialog }));
const DeleteManyDialog = lazy(async () => ({
  default: (await import('./transfer/delete-many-dialog.tsx')).DeleteManyDialog,
}));

type Asking = { readonly what: 'export' | 'delete'; readonly scope: Scope } | { readonly what: 'import' };

export interface ListPaneProps {
  cluster: string;
  /** As typed. */
  prefix: string;
  prefixBase64: string;
  readMode: ReadMode;
  readOnly: boolean;
  pages: ReturnType<typeof useKeyPages>;
  rows: readonly KeyMeta[];
  /** The open key, base64. */
  selected: string | null;
  onOpen: (key: string) => void;
  onClear: () => void;
  onCreate: () => void;
  onReadStale: () => void;
  gridRef: RefObject<HTMLDivElement | null>;
}

/** The keys of a prefix, and what can be done to many of them at once. */
export function ListPane(props: ListPaneProps) {
  const { cluster, prefix, prefixBase64, readMode, readOnly, pages, rows, selected, gridRef } = props;
  const { onOpen, onClear, onCreate, onReadStale } = props;
  const [checked, setChecked] = useState<ReadonlyMap<string, KeyMeta>>(new Map());
  const [asking, setAsking] = useState<Asking | null>(null);
  const whole: Scope = { kind: 'prefix', prefix: prefixBase64, written: prefix };
  const ticked: Scope = { kind: 'keys', keys: [...checked.values()] };
  const check = (some: readonly KeyMeta[], isChecked: boolean) =>
    setChecked((now) => {
      const next = new Map(now);
      for (const row of some) {
        if (isChecked) next.set(row.key, row);
        else next.delete(row.key);
      }
      return next;
    });
  const close = () => setAsking(null);
  const which = prefix === '' ? 'all keys' : 'this prefix';

  return (
    <section className={styles.list} aria-label="Keys">
      <header className={styles.listHeader}>
        <h2 className={prefix === '' ? undefined : 'mono'}>{prefix === '' ? 'All keys' : prefix}</h2>
        <ListAge readAtMs={pages.dataUpdatedAt} />
        <IconButton
          icon="restart"
          size="small"
          label="Read the list again"
          aria-busy={pages.isRefetching || undefined}
          onClick={() => void pages.refetch()}
        />
        <Menu
          label="Keys in bulk"
          trigger={<IconButton icon="more" size="small" label="Export, import, delete" />}
          items={[
            {
              label: `Export ${which}…`,
              icon: 'download',
              onSelect: () => setAsking({ what: 'export', scope: whole }),
            },
            ...(readOnly
              ? []
              : [
                  { label: 'Import…', icon: 'file' as const, onSelect: () => setAsking({ what: 'import' }) },
                  null,
                  {
                    label: `Delete ${which}…`,
                    icon: 'trash' as const,
                    danger: true,
                    onSelect: () => setAsking({ what: 'delete', scope: whole }),
                  },
                ]),
          ]}
        />
      </header>
      <ListError pages={pages} isEmpty={rows.length === 0} readMode={readMode} onReadStale={onReadStale} />
      {rows.length > 0 || pages.isPending ? (
        <KeyList
          cluster={cluster}
          rows={rows}
          prefix={prefix}
          selected={selected}
          hasMore={pages.hasNextPage}
          isLoading={pages.isFetching && !pages.isRefetching}
          onMore={() => void pages.fetchNextPage()}
          onOpen={onOpen}
          checked={checked}
          onCheck={check}
          onClear={checked.size > 0 ? () => setChecked(new Map()) : onClear}
          ref={gridRef}
        />
      ) : (
        pages.error === null && (
          <EmptyState
            {...(!readOnly && {
              action: (
                <Button icon="plus" onClick={onCreate}>
                  Create a key
                </Button>
              ),
            })}
          >
            {prefix === '' ? 'No keys yet. What clients write appears here.' : 'No key begins with this prefix.'}
          </EmptyState>
        )
      )}
      {checked.size > 0 && (
        <footer className={styles.selection} aria-label="Selected keys" role="group">
          <strong role="status">{checked.size} selected</strong>
          <span className={styles.grow} />
          <Button
            size="small"
            icon="copy"
            onClick={() =>
              void copyText(
                [...checked.keys()].map((key) => escapeKey(fromBase64(key))).join('\n'),
                `${plural(checked.size, 'key')} copied.`,
              )
            }
          >
            Copy keys
          </Button>
          <Button size="small" icon="download" onClick={() => setAsking({ what: 'export', scope: ticked })}>
            Export…
          </Button>
          {!readOnly && (
            <Button size="small" icon="trash" onClick={() => setAsking({ what: 'delete', scope: ticked })}>
              Delete…
            </Button>
          )}
          <IconButton icon="x" size="small" label="Select none" onClick={() => setChecked(new Map())} />
        </footer>
      )}
      <Suspense>
        {asking?.what === 'export' && (
          <ExportDialog cluster={cluster} scope={asking.scope} readMode={readMode} onClose={close} />
        )}
        {asking?.what === 'import' && <ImportDialog cluster={cluster} onClose={close} />}
        {asking?.what === 'delete' && (
          <DeleteManyDialog
            cluster={cluster}
            scope={asking.scope}
            onClose={() => {
              setChecked(new Map());
              close();
            }}
          />
        )}
      </Suspense>
    </section>
  );
}

function ListError({
  pages,
  isEmpty,
  readMode,
  onReadStale,
}: Pick<ListPaneProps, 'pages' | 'readMode' | 'onReadStale'> & { isEmpty: boolean }) {
  if (pages.error === null) return null;
  return (
    <div className={styles.note}>
      <ErrorNote
        title={isEmpty ? 'The keys could not be listed.' : 'The rest of the keys could not be listed.'}
        error={pages.error}
        fix={
          readMode !== 'stale' && toApiError(pages.error).code === 'noLeader'
            ? { label: 'Read stale', run: onReadStale }
            : { label: 'Try again', run: () => void (isEmpty ? pages.refetch() : pages.fetchNextPage()) }
        }
      />
    </div>
  );
}

function ListAge({ readAtMs }: { readAtMs: number }) {
  const [now, setNow] = useState(readAtMs);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <span>{readAtMs === 0 ? 'reading…' : `read ${formatAgo(now - readAtMs)}`}</span>;
}
