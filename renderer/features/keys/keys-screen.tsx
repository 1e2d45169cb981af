import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { useClusterLive, useView } from '../../api/use-cluster-live.tsx';
import { useShortcuts } from '../../app/shortcuts.ts';
import { useMedia } from '../../app/use-media.ts';
import { Kbd } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { mayWrite } from '../clusters/may-run.ts';
import { fromBase64, toBase64 } from './bytes.ts';
import { KeyEditor } from './key-editor.tsx';
import { countSentence } from './key-pages.ts';
import { escapeKey } from './key-text.ts';
import { useKeysRoute } from './keys-route.ts';
import { checkKey, checkPrefix } from './limits.ts';
import { ListPane } from './list-pane.tsx';
import { NewKeyDialog } from './new-key-dialog.tsx';
import { PrefixTree } from './prefix-tree.tsx';
import { ReadModeBanner } from './read-mode-banner.tsx';
import { readModes, type ReadCost } from './read-modes.ts';
import { useKeyEntry } from './use-key-entry.ts';
import { useKeyWatch } from './use-key-watch.ts';
import { useKeyPages } from './use-key-pages.ts';
import styles from './keys-screen.module.css';

/** The address follows the typing after this much rest. */
const TYPING_REST_MS = 200;
/** Below this width the list and the value leave no room for the tree; the prefix is typed. */
const NO_TREE_QUERY = '(max-width: 1180px)';

/** /c/:cluster/keys: find, read, write and delete keys. The address holds prefix, key and read mode. */
export function KeysScreen({ cluster }: { cluster: string }) {
  const hasView = useClusterLive((live) => live.view !== null);
  return hasView ? <Keys cluster={cluster} /> : <div className={styles.loading} aria-busy="true" />;
}

function Keys({ cluster }: { cluster: string }) {
  const [route, setRoute] = useKeysRoute();
  const [creating, setCreating] = useState(false);
  const [openFolders, setOpenFolders] = useState<ReadonlySet<string>>(new Set());
  const readOnly = useView((view) => !mayWrite(view.summary));
  const total = useTotalKeys();

  const prefix = checkPrefix(route.prefix);
  const pages = useKeyPages(cluster, prefix.ok ? toBase64(prefix.bytes) : null, route.read);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.keys) ?? [], [pages.data]);
  const hasTree = !useMedia(NO_TREE_QUERY);

  const watchFailure = useKeyWatch(cluster, prefix.ok ? toBase64(prefix.bytes) : '', route.watch && prefix.ok);
  const key = route.key === null ? null : checkKey(route.key);
  const keyBase64 = key?.ok ? toBase64(key.bytes) : null;
  const entry = useKeyEntry(cluster, keyBase64, route.read);

  const cost = lastCost(entry.data?.costMs, pages.data?.pages.at(-1)?.costMs);
  const readStale = () => setRoute({ read: 'stale' });
  const list = useRef<HTMLDivElement>(null);
  // What had the focus goes away with the pane.
  const closeKey = () => {
    setRoute({ key: null });
    list.current?.focus();
  };
  const openKey = (next: string) => setRoute({ key: escapeKey(fromBase64(next)) });

  return (
    <>
      <h1 className="sr-only">Keys of {cluster}</h1>
      <div className={styles.bar}>
        <PrefixField
          prefix={route.prefix}
          problem={prefix.ok ? undefined : prefix.message}
          onChange={(next) => setRoute({ prefix: next })}
        />
        <span className={styles.count} role="status">
          {pages.data !== undefined &&
            countSentence({
              loaded: rows.length,
              isComplete: !pages.hasNextPage,
              total,
              hasPrefix: route.prefix !== '',
            })}
        </span>
        <span className={styles.grow} />
        <span className={styles.label} aria-hidden="true">
          Read
        </span>
        <Segmented
          label="Read consistency"
          value={route.read}
          options={readModes}
          onChange={(read) => setRoute({ read })}
        />
        <Switch
          label="Watch live"
          checked={route.watch && watchFailure === null}
          onChange={(watch) => setRoute({ watch })}
        />
        {!readOnly && (
          <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
            New key
          </Button>
        )}
      </div>
      <ReadModeBanner
        mode={route.read}
        cost={cost}
        stalenessMs={entry.data?.stalenessMs ?? null}
        onReadStale={readStale}
      />
      {watchFailure !== null && (
        <div className={styles.note}>
          <ErrorNote title="The list does not follow the cluster." error={watchFailure} />
        </div>
      )}
      <div className={styles.panes} data-editing={route.key !== null || undefined} data-tree={hasTree || undefined}>
        {hasTree && (
          <PrefixTree
            cluster={cluster}
            readMode={route.read}
            current={prefix.ok ? toBase64(prefix.bytes) : ''}
            total={total}
            open={openFolders}
            onFold={setOpenFolders}
            onOpen={(next) => setRoute({ prefix: escapeKey(fromBase64(next)) })}
          />
        )}
        <ListPane
          key={`${route.prefix} ${route.read}`}
          cluster={cluster}
          prefix={route.prefix}
          prefixBase64={prefix.ok ? toBase64(prefix.bytes) : ''}
          readMode={route.read}
          readOnly={readOnly}
          pages={pages}
          rows={rows}
          selected={keyBase64}
          onOpen={openKey}
          onClear={closeKey}
          onCreate={() => setCreating(true)}
          onReadStale={readStale}
          gridRef={list}
        />
        {route.key !== null && (
          <section
            className={styles.editor}
            aria-label="Value"
            onKeyDown={(event) => {
              if (event.key === 'Escape' && !event.defaultPrevented) closeKey();
            }}
          >
            {key?.ok && keyBase64 !== null ? (
              <KeyEditor
                key={keyBase64}
                cluster={cluster}
                keyBase64={keyBase64}
                written={escapeKey(key.bytes)}
                reading={entry}
                readMode={route.read}
                readOnly={readOnly}
                onReadStale={readStale}
                onClose={closeKey}
              />
            ) : (
              <div className={styles.note}>
                <ErrorNote title="The address names no key." fix={{ label: 'Close', run: closeKey }}>
                  {key?.ok === false && key.message}
                </ErrorNote>
              </div>
            )}
          </section>
        )}
      </div>
      {creating && (
        <NewKeyDialog
          cluster={cluster}
          prefix={route.prefix}
          onClose={() => setCreating(false)}
          onOpen={(next) => {
            setCreating(false);
            openKey(next);
          }}
        />
      )}
    </>
  );
}

function PrefixField({
  prefix,
  problem,
  onChange,
}: {
  prefix: string;
  problem: string | undefined;
  onChange: (prefix: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(prefix);
  const told = useRef(prefix);
  const tell = useEffectEvent((text: string) => onChange(text));

  useShortcuts({ '/': () => input.current?.focus() });
  // The address changed by something else than this field: a link, or the way back.
  useEffect(() => {
    if (prefix !== told.current) setTyped(prefix);
    told.current = prefix;
  }, [prefix]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      tell(typed);
    }, TYPING_REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <div className={styles.prefix} role="search">
      <TextField
        ref={input}
        label="Key prefix"
        hideLabel
        icon="search"
        mono
        placeholder="Key prefix"
        value={typed}
        problem={problem}
        onChange={(event) => setTyped(event.target.value)}
        trailing={<Kbd>/</Kbd>}
      />
    </div>
  );
}

function lastCost(keyMs: number | undefined, pageMs: number | undefined): ReadCost | null {
  if (keyMs !== undefined) return { of: 'key', ms: keyMs };
  return pageMs === undefined ? null : { of: 'page', ms: pageMs };
}

/** Keys of the whole cluster as the leaders count them; null while a partition has none. */
function useTotalKeys(): number | null {
  return useView((view) => {
    let total = 0;
    for (const { partition, leader } of view.partitions) {
      const node = view.nodes.find((candidate) => candidate.id === leader);
      const replica = node?.replicas.find((candidate) => candidate.partition === partition);
      if (replica === undefined || replica.keyCount === null) return null;
      total += replica.keyCount;
    }
    return total;
  });
}
