import { useId, useState } from 'react';
import { useSearch } from 'wouter';
import { useClusterLive } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { NumberStepper } from '../../ui/number-stepper.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Select } from '../../ui/select.tsx';
import {
  durations,
  faultEffect,
  faultForm,
  readFault,
  withNode,
  withPeer,
  type Direction,
  type FaultForm,
  type FaultKind,
} from './fault-form.ts';
import { FaultList } from './fault-list.tsx';
import styles from './fault-lab.module.css';

const kinds: readonly { value: FaultKind; label: string; action: string }[] = [
  { value: 'cut', label: 'Cut link', action: 'Cut link' },
  { value: 'slow', label: 'Delay or loss', action: 'Slow link' },
  { value: 'disk', label: 'Slow disk', action: 'Slow disk' },
  { value: 'isolate', label: 'Isolate', action: 'Isolate node' },
];

/** ?dialog=faults: one fault at a time, its effect said before it is done, its end set with it. */
export function FaultLab({ cluster, onClose }: { cluster: string; onClose: () => void }) {
  const view = useClusterLive((state) => state.view);
  const params = new URLSearchParams(useSearch());
  const formId = useId();
  const nodes = view?.nodes.map((node) => node.id) ?? [];
  const [form, setForm] = useState<FaultForm | null>(null);
  const { run, isBusy } = useCommand();
  if (view === null) return null;
  const shown = form ?? faultForm(nodes, params);
  const alone = nodes.length < 2;
  const kind = alone && shown.kind !== 'disk' ? 'disk' : shown.kind;
  const current = { ...shown, kind };
  const set = (part: Partial<FaultForm>) => setForm({ ...current, ...part });
  const read = readFault(current);
  const name = (id: number) => view.nodes.find((node) => node.id === id)?.name ?? `n${id}`;
  const names = nodes.map((id) => ({ value: String(id), label: name(id) }));
  const isLink = kind === 'cut' || kind === 'slow';
  const command = read.ok ? { cluster, fault: read.fault } : null;
  const start = async (): Promise<void> => {
    if (command === null) return;
    if (await run('fault.start', command, { failed: 'The fault could not be started' })) onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Fault lab"
      className={styles.lab}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={formId}
            disabled={!read.ok}
            busy={command !== null && isBusy('fault.start', command)}
          >
            {kinds.find((one) => one.value === kind)?.action}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Segmented
          full
          label="Fault"
          value={kind}
          options={alone ? kinds.filter((one) => one.value === 'disk') : kinds}
          onChange={(next) => set({ kind: next })}
        />
        <div className={styles.row}>
          <Select
            label={isLink ? 'Between' : 'Node'}
            value={String(current.node)}
            options={names}
            onChange={(node) => setForm(withNode(current, Number(node)))}
          />
          {isLink && (
            <Select
              label="and"
              value={String(current.to)}
              options={names}
              onChange={(to) => setForm(withPeer(current, Number(to)))}
            />
          )}
          {isLink && (
            <Segmented<Direction>
              label="Direction"
              className={styles.direction}
              value={current.direction}
              options={[
                { value: 'both', label: 'Both ways' },
                { value: 'forth', label: `${name(current.node)} → ${name(current.to)}` },
                { value: 'back', label: `${name(current.to)} → ${name(current.node)}` },
              ]}
              onChange={(direction) => set({ direction })}
            />
          )}
        </div>
        {kind === 'slow' && (
          <div className={styles.two}>
            <NumberStepper
              label="Delay"
              note="ms, up to 10,000"
              min={0}
              max={10_000}
              step={50}
              value={current.delayMs}
              onChange={(delayMs) => set({ delayMs })}
            />
            <NumberStepper
              label="Messages lost"
              note="%"
              min={0}
              max={100}
              step={5}
              value={current.dropPercent}
              onChange={(dropPercent) => set({ dropPercent })}
            />
          </div>
        )}
        {kind === 'disk' && (
          <NumberStepper
            label="Added to every write"
            note="ms, up to 10,000"
            min={1}
            max={10_000}
            step={100}
            value={current.diskDelayMs}
            onChange={(diskDelayMs) => set({ diskDelayMs })}
          />
        )}
        <div className={styles.row}>
          <Select
            label="Ends"
            value={String(current.durationMs)}
            options={durations.map(({ ms, label }) => ({ value: String(ms), label }))}
            onChange={(ms) => set({ durationMs: ms === 'null' ? null : Number(ms) })}
          />
          <span className={styles.note}>and in any case when the app quits.</span>
        </div>
        <p className={read.ok ? styles.effect : styles.problem} role={read.ok ? undefined : 'alert'} aria-live="polite">
          {read.ok ? faultEffect(read.fault, view) : read.problem}
        </p>
      </form>
      {view.faults.length > 0 && (
        <section className={styles.on} aria-label="Faults that are on">
          <h3>On now</h3>
          <FaultList cluster={cluster} faults={view.faults} mayAct />
        </section>
      )}
    </Dialog>
  );
}
