import { useStore } from 'zustand';
import { Kbd } from '../ui/badge.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { modKeyLabel } from '../ui/mod-key.ts';
import { Switch } from '../ui/switch.tsx';
import { clusterScreens } from './screens.tsx';
import { enableShortcuts, shortcutStore } from './shortcuts.ts';
import styles from './shortcuts-dialog.module.css';

const groups: readonly { readonly title: string; readonly rows: readonly [readonly string[], string][] }[] = [
  {
    title: 'Go to',
    rows: [
      [[modKeyLabel('K')], 'Search, or run anything'],
      [[modKeyLabel('1…9')], 'Cluster 1…9; a browser may keep it for its tabs'],
      [[modKeyLabel(',')], 'Settings'],
      [['G', 'A'], 'All clusters'],
      ...clusterScreens.map(({ key, label }): [string[], string] => [['G', key.toUpperCase()], label]),
    ],
  },
  {
    title: 'Act on a node',
    rows: [
      [['1…9', 'X'], 'Kill node 1…9'],
      [['1…9', 'P'], 'Pause or resume it'],
      [['1…9', 'R'], 'Restart it, or start it'],
      [['1…9', 'I'], 'Isolate it, or heal'],
    ],
  },
  {
    title: 'Everywhere',
    rows: [
      [['/'], 'Filter'],
      [[modKeyLabel('S')], 'Save the key, if nobody changed it'],
      [['Arrows'], 'Move in the matrix'],
      [['Space'], 'Pause the charts, or the Raft inspector'],
      [['[', ']'], 'Look back in the charts, and forth again'],
      [['←', '→'], 'Step through time in the Raft inspector'],
      [['Esc'], 'Close what is open, clear the selection'],
      [['?'], 'This list'],
    ],
  },
];

export function ShortcutsDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const enabled = useStore(shortcutStore, (state) => state.enabled);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Keyboard"
      description="Single keys are off while you type, and never in force on a production cluster."
      showDescription
      footer={<Switch label="Act on single keys" checked={enabled} onChange={enableShortcuts} />}
    >
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a list that scrolls must be reachable by keyboard */}
      <div tabIndex={0} role="group" aria-label="All keys">
        {groups.map((group) => (
          <section key={group.title} className={styles.group}>
            <h3 className={styles.title}>{group.title}</h3>
            <dl>
              {group.rows.map(([keys, what]) => (
                <div key={what} className={styles.row}>
                  <dt>
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
