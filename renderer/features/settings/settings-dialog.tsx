import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useApi } from '../../api/context.tsx';
import { changeSettings, separatorProblem, useSetting } from '../../app/settings.ts';
import { enableShortcuts, shortcutStore } from '../../app/shortcuts.ts';
import { setTheme, themeStore } from '../../app/theme.ts';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { readModes } from '../keys/read-modes.ts';
import styles from './settings-dialog.module.css';

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
] as const;

const densities = [
  { value: 'comfortable', label: 'Comfortable' },
  { value: 'compact', label: 'Compact' },
] as const;

const asks = [
  { value: 'never', label: 'Never' },
  { value: 'quorum', label: 'If quorum is lost' },
  { value: 'always', label: 'Always' },
] as const;

/** ?dialog=settings: what is set here holds at once, for this user on this computer. */
export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const theme = useStore(themeStore, (state) => state.choice);
  const shortcuts = useStore(shortcutStore, (state) => state.enabled);
  const density = useSetting('density');
  const readMode = useSetting('readMode');
  const askBeforeFaults = useSetting('askBeforeFaults');
  const typeToDelete = useSetting('typeToDelete');
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Settings"
      description="In force at once, and kept for you on this computer."
      showDescription
    >
      <Group title="Appearance">
        <Row label="Theme">
          <Segmented label="Theme" value={theme} options={themes} onChange={setTheme} />
        </Row>
        <Row label="Density">
          <Segmented
            label="Density"
            value={density}
            options={densities}
            onChange={(next) => changeSettings({ density: next })}
          />
        </Row>
      </Group>
      <Group title="Safety">
        <Row label="Ask before faults">
          <Segmented
            label="Ask before faults"
            value={askBeforeFaults}
            options={asks}
            onChange={(next) => changeSettings({ askBeforeFaults: next })}
          />
        </Row>
        <Switch
          label="Type a cluster’s name to delete it"
          checked={typeToDelete}
          onChange={(next) => changeSettings({ typeToDelete: next })}
        />
        <p className={styles.help}>Stopping and deleting ask in any case.</p>
      </Group>
      <Group title="Keyboard">
        <Switch label="Act on single keys" checked={shortcuts} onChange={enableShortcuts} />
        <p className={styles.help}>
          Keys such as X to kill the chosen node. Without them, the command palette still does all that they do.
        </p>
      </Group>
      <Group title="Key browser">
        <Separator />
        <Row label="Read">
          <Segmented
            label="Read consistency of the key browser"
            value={readMode}
            options={readModes}
            onChange={(next) => changeSettings({ readMode: next })}
          />
        </Row>
      </Group>
      <Group title="Your data">
        <p className={styles.help}>
          Telemetry: none. Nothing about you, your clusters or your keys leaves this computer.
        </p>
        <Home />
      </Group>
    </Dialog>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.group}>
      <h3 className={styles.title}>{title}</h3>
      {children}
    </section>
  );
}

/** The control names itself; this label is for the eye. */
function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.row}>
      <span aria-hidden="true">{label}</span>
      {children}
    </div>
  );
}

/** While it cannot be used, what is typed stays in the field and the last good one stays in force. */
function Separator() {
  const [typed, setTyped] = useState(useSetting('keySeparator'));
  return (
    <>
      <Row label="Key separator">
        <TextField
          label="Key separator"
          hideLabel
          className={styles.separator}
          mono
          value={typed}
          problem={separatorProblem(typed) ?? undefined}
          onChange={(event) => {
            setTyped(event.target.value);
            if (separatorProblem(event.target.value) === null) changeSettings({ keySeparator: event.target.value });
          }}
        />
      </Row>
      <p className={styles.help}>Cuts long keys in the list: the part that all rows share is drawn short.</p>
    </>
  );
}

function Home() {
  const api = useApi();
  const info = useQuery({ queryKey: ['app.info'], queryFn: () => api.query('app.info', {}) }).data;
  if (info === undefined) return null;
  return (
    <>
      <div className={styles.home}>
        <span>
          Clusters and their data are kept in <span className="mono">{info.home}</span>
        </span>
        <Button size="small" icon="copy" onClick={() => void copyText(info.home, 'Path copied.')}>
          Copy path
        </Button>
      </div>
      <p className={styles.help}>
        {info.host === 'browser'
          ? 'In a browser there is no tray, no menu of its own and no secret store of the system. Clusters that were started here run until the program that serves this page ends: Ctrl-C in its terminal asks whether to stop them or to leave them running.'
          : 'Quitting asks whether to stop the clusters that run here, or to leave them running with PrkDB in the tray.'}
      </p>
      <p className={styles.help}>PrkDB {info.version}</p>
    </>
  );
}
