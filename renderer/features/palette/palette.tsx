import * as Radix from 'radix-ui/dialog';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useStore } from 'zustand';
import type { ClusterView } from '../../../electron/contract/model.ts';
import { toApiError } from '../../api/errors.ts';
import { useClusters } from '../../api/use-clusters.ts';
import { inSidebarOrder } from '../../app/sidebar-order.ts';
import { closePalette } from '../../app/palette-store.ts';
import { clusterScreens } from '../../app/screens.tsx';
import { useSetting } from '../../app/settings.ts';
import { themeStore } from '../../app/theme.ts';
import { Badge, Kbd } from '../../ui/badge.tsx';
import { useOpener } from '../../ui/dialog.tsx';
import { plural } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import type { Desk, PaletteAction, Scene } from './action.ts';
import { paletteActions } from './actions.ts';
import { keyEntry, prefixEntry } from './key-entries.ts';
import { PaletteList } from './palette-list.tsx';
import { PalettePreview } from './palette-preview.tsx';
import { keyPrefixes, readQuery } from './query.ts';
import { rank, type RankedGroup } from './rank.ts';
import { readRecent, rememberRecent } from './recent.ts';
import { useKeyHits } from './use-key-hits.ts';
import styles from './palette.module.css';

const PAGE_ROWS = 8;

/** Search and run: a combobox over a grouped list, and beside it what the chosen entry does. */
export function Palette({
  view,
  elections,
  desk,
}: {
  view: ClusterView | null;
  elections: Scene['elections'];
  desk: Desk;
}) {
  const [text, setText] = useState('');
  const [activeId, setActiveId] = useState<string | null>(null);
  const id = useId();
  const opener = useOpener();
  const chosen = useRef<PaletteAction | null>(null);
  const { groups, note } = useGroups(view, elections, text);
  const items = groups.flatMap((group) => group.items.map(({ action }) => action));
  const index = Math.max(
    0,
    items.findIndex((action) => action.id === activeId),
  );
  const active = items[index];

  useEffect(() => {
    document.getElementById(`${id}-${index}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, index]);

  const run = (action: PaletteAction) => {
    // Done once the focus is back, so that a dialog the action opens returns it there.
    chosen.current = action;
    closePalette();
  };
  const move = (by: number, wraps: boolean) => {
    const to = index + by;
    const last = items.length - 1;
    const place = wraps ? (to + items.length) % items.length : Math.max(0, Math.min(last, to));
    setActiveId(items[place]?.id ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => move(1, true),
      ArrowUp: () => move(-1, true),
      PageDown: () => move(PAGE_ROWS, false),
      PageUp: () => move(-PAGE_ROWS, false),
      Enter: () => active !== undefined && run(active),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    if (items.length > 0) act();
  };

  return (
    <Radix.Root
      open
      onOpenChange={(open) => {
        if (!open) closePalette();
      }}
    >
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={styles.palette}
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            opener?.focus();
            const action = chosen.current;
            if (action === null) return;
            if (action.group !== 'Keys') rememberRecent(action.id);
            action.run(desk);
          }}
        >
          <Radix.Title className="sr-only">Command palette</Radix.Title>
          <div className={styles.search}>
            <Icon name="search" />
            <input
              className={styles.input}
              role="combobox"
              aria-label="Search or run"
              aria-expanded={items.length > 0}
              aria-controls={`${id}-list`}
              aria-autocomplete="list"
              aria-activedescendant={active === undefined ? undefined : `${id}-${index}`}
              placeholder="Search or run…"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setActiveId(null);
                document.getElementById(`${id}-list`)?.scrollTo(0, 0);
              }}
              onKeyDown={onKeyDown}
            />
            {view !== null && <Badge>{view.summary.name}</Badge>}
            <Radix.Close className={styles.close}>
              <span className="sr-only">Close</span>
              <Kbd>esc</Kbd>
            </Radix.Close>
          </div>
          <div className={styles.body}>
            <PaletteList
              id={id}
              groups={groups}
              active={active ?? null}
              note={note}
              onPoint={(action) => setActiveId(action.id)}
              onRun={run}
            />
            {active !== undefined && <PalettePreview id={`${id}-preview`} preview={active.preview()} />}
          </div>
          <footer className={styles.footer}>
            <span>
              <Kbd>↑</Kbd>
              <Kbd>↓</Kbd> move
            </span>
            <span>
              <Kbd>↵</Kbd> run
            </span>
            <span className={styles.scopes}>
              <Kbd>&gt;</Kbd> commands <Kbd>/</Kbd> keys <Kbd>#</Kbd> partitions
            </span>
          </footer>
          <div className="sr-only" role="status">
            {text === '' ? '' : plural(items.length, 'result')}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What is listed, and a sentence where the list is empty or a part of it failed. */
function useGroups(
  view: ClusterView | null,
  elections: Scene['elections'],
  text: string,
): { groups: readonly RankedGroup[]; note: string | null } {
  const clusters = useClusters();
  const theme = useStore(themeStore, (state) => state.choice);
  const density = useSetting('density');
  const separator = useSetting('keySeparator');
  const [recent] = useState(readRecent);
  const [nowMs] = useState(() => Date.now());
  const actions = useMemo(
    () =>
      paletteActions({
        clusters: clusters.status === 'ready' ? inSidebarOrder(clusters.clusters) : [],
        view,
        screens: clusterScreens,
        theme,
        density,
        nowMs,
        elections,
      }),
    [clusters, view, theme, density, nowMs, elections],
  );
  const prefixes = useMemo(() => keyPrefixes(text, separator), [text, separator]);
  const found = useKeyHits(view, prefixes);
  const query = readQuery(text);
  const ranked = useMemo(() => rank(actions, readQuery(text), recent), [actions, text, recent]);

  const first = prefixes[0];
  const hits = view === null ? [] : found.hits.map(({ meta, prefix }) => keyEntry(view, meta, prefix));
  const fitting = hits.filter(({ action }) => prefixes.some((prefix) => action.label.startsWith(prefix)));
  const browse = view === null || first === undefined ? [] : [prefixEntry(view, prefixOf(fitting, prefixes))];
  const keys = [...fitting, ...browse];
  const groups = keys.length === 0 ? ranked : [...ranked, { title: 'Keys', items: keys }];

  const failed = found.error === null ? null : `Keys could not be looked up: ${toApiError(found.error).message}`;
  // Who looks for something else need not hear of keys.
  if (failed !== null && (query.scope === 'keys' || ranked.length === 0)) return { groups, note: failed };
  if (query.scope === 'keys' && view === null)
    return { groups, note: 'Open a cluster first: keys are looked for in the one in sight.' };
  if (found.isLooking && ranked.length === 0) return { groups, note: 'Looking for keys…' };
  return { groups, note: groups.length === 0 ? 'Nothing matches. Try fewer letters.' : null };
}

/** Which reading of a text the key browser is opened with: one that has keys, if any does. */
function prefixOf(fitting: readonly { readonly action: PaletteAction }[], prefixes: readonly string[]): string {
  const label = fitting[0]?.action.label ?? '';
  return prefixes.find((prefix) => label.startsWith(prefix)) ?? prefixes[0] ?? '';
}
