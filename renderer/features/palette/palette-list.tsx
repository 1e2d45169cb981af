import { Fragment } from 'react';
import { useStore } from 'zustand';
import { shortcutStore } from '../../app/shortcuts.ts';
import { Kbd } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { Icon } from '../../ui/icon.tsx';
import { modKeyLabel } from '../../ui/mod-key.ts';
import type { PaletteAction } from './action.ts';
import type { RankedGroup } from './rank.ts';
import styles from './palette.module.css';

/** The list below the field, which keeps the focus and says which option is the active one. */
export function PaletteList({
  id,
  groups,
  active,
  note,
  onPoint,
  onRun,
}: {
  id: string;
  groups: readonly RankedGroup[];
  active: PaletteAction | null;
  note: string | null;
  onPoint: (action: PaletteAction) => void;
  onRun: (action: PaletteAction) => void;
}) {
  const offsets = groups.map((_, i) => groups.slice(0, i).reduce((sum, group) => sum + group.items.length, 0));
  return (
    <div className={styles.left}>
      <div id={`${id}-list`} className={styles.list} role="listbox" aria-label="Results">
        {groups.map((group, g) => (
          <div key={group.title} role="group" aria-labelledby={`${id}-g${g}`}>
            <div id={`${id}-g${g}`} className={styles.heading} role="presentation">
              {group.title}
            </div>
            {group.items.map(({ action, marks }, i) => (
              <div
                key={action.id}
                id={`${id}-${(offsets[g] ?? 0) + i}`}
                className={cx(styles.item, action === active && styles.on)}
                role="option"
                aria-selected={action === active}
                aria-describedby={action === active ? `${id}-preview` : undefined}
                // Not on entering: the list may move under a pointer that rests.
                onPointerMove={() => {
                  if (action !== active) onPoint(action);
                }}
                onClick={() => onRun(action)}
              >
                <Icon name={action.icon} />
                <span className={cx(styles.label, action.icon === 'key' && 'mono')}>
                  <Marked text={action.label} marks={marks} />
                </span>
                {action.hint !== '' && <span className={styles.hint}>{action.hint}</span>}
                <Keys action={action} active={action === active} />
              </div>
            ))}
          </div>
        ))}
      </div>
      {note !== null && (
        <p className={styles.note} role="status">
          {note}
        </p>
      )}
    </div>
  );
}

/** Enter at the active one, elsewhere what does the same without the palette, if it is in force. */
function Keys({ action, active }: { action: PaletteAction; active: boolean }) {
  const singleKeys = useStore(shortcutStore, (state) => state.enabled);
  const keys = active ? ['↵'] : (action.keys ?? []);
  const inForce = active || singleKeys || keys.every((key) => key === '?' || key.startsWith(modKeyLabel('').trim()));
  if (keys.length === 0 || !inForce) return null;
  return (
    <span className={styles.keys} aria-hidden="true">
      {keys.map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </span>
  );
}

function Marked({ text, marks }: { text: string; marks: readonly number[] }) {
  const pieces = [];
  let at = 0;
  for (let i = 0; i + 1 < marks.length; i += 2) {
    const [from, to] = [marks[i] ?? 0, marks[i + 1] ?? 0];
    pieces.push(
      <Fragment key={from}>
        {text.slice(at, from)}
        <mark>{text.slice(from, to)}</mark>
      </Fragment>,
    );
    at = to;
  }
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}
