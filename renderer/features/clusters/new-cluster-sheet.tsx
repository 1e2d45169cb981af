import { useId, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { useClusters } from '../../api/use-clusters.ts';
import { toApiError } from '../../api/errors.ts';
import { withDialog } from '../../app/paths.ts';
import { Kbd } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { Sheet } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatBytes } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { hasModKey, modKeyLabel } from '../../ui/mod-key.ts';
import { NumberStepper } from '../../ui/number-stepper.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { PlacementPreview } from './placement-preview.tsx';
import { PresetCards } from './preset-cards.tsx';
import { presets } from './presets.ts';
import {
  applyPreset,
  emptyForm,
  fieldOf,
  formLike,
  matchingPreset,
  portRange,
  problemsOf,
  readForm,
  whatWillStart,
  withNodes,
  type SpecForm,
} from './spec-form.ts';
import { useCreateCluster } from './use-create-cluster.ts';
import { useSpecCheck } from './use-spec-check.ts';
import styles from './new-cluster-sheet.module.css';

/** ?dialog=new, and with ?like=NAME in the shape of that one. The names of the clusters there are must be known before one is suggested. */
export function NewClusterSheet({ onClose }: { onClose: () => void }) {
  const clusters = useClusters();
  const like = new URLSearchParams(useSearch()).get('like');
  if (clusters.status === 'loading') return null;
  const taken = clusters.status === 'ready' ? clusters.clusters.map((cluster) => cluster.name) : [];
  const model = clusters.status === 'ready' ? clusters.clusters.find((cluster) => cluster.name === like) : undefined;
  return <OpenSheet taken={taken} like={model} onClose={onClose} />;
}

function OpenSheet({
  taken,
  like,
  onClose,
}: {
  taken: readonly string[];
  like: ClusterSummary | undefined;
  onClose: () => void;
}) {
  const formId = useId();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const [form, setForm] = useState(() => (like === undefined ? emptyForm(presets[1], taken) : formLike(like, taken)));
  const create = useCreateCluster();
  const change = (next: SpecForm) => {
    create.reset();
    setForm(next);
  };
  const set = (part: Partial<SpecForm>) => change({ ...form, ...part });

  const read = readForm(form);
  const { check, error, isCurrent } = useSpecCheck(read.ok ? read.spec : null);
  const failure = create.error === null ? null : toApiError(create.error);
  const problems = problemsOf(read, isCurrent ? check : undefined, failure);
  const isWrong = Object.values(problems).some((problem) => problem !== undefined);
  const submit = () => {
    if (read.ok && !isWrong && !create.isPending) create.mutate(read.spec);
  };

  return (
    <Sheet
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="New local cluster"
      footer={
        <>
          <Button
            variant="ghost"
            icon="copy"
            disabled={!isCurrent || isWrong}
            onClick={() => void copyText(check?.command ?? '', 'Command copied.')}
          >
            Copy as CLI command
          </Button>
          <Button
            variant="ghost"
            icon="folder"
            onClick={() => navigate(withDialog(path, search, 'import'), { replace: true })}
          >
            Import…
          </Button>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={formId} disabled={isWrong} busy={create.isPending}>
            {create.isPending ? 'Starting…' : 'Create and start'} <Kbd>{modKeyLabel('↵')}</Kbd>
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
          submit();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !hasModKey(event)) return;
          event.preventDefault();
          submit();
        }}
      >
        <PresetCards chosen={matchingPreset(form)} onChoose={(preset) => change(applyPreset(form, preset, taken))} />
        <TextField
          label="Name"
          autoFocus
          value={form.name}
          problem={problems.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <div className={styles.three}>
          <NumberStepper
            label="Nodes"
            note="1 to 9"
            min={1}
            max={9}
            value={form.nodes}
            problem={problems.nodes}
            onChange={(nodes) => change(withNodes(form, nodes))}
          />
          <NumberStepper
            label="Partitions"
            note="1 to 256"
            min={1}
            max={256}
            value={form.partitions}
            problem={problems.partitions}
            onChange={(partitions) => set({ partitions })}
          />
          <NumberStepper
            label="Replication"
            note="copies"
            min={1}
            max={Math.min(9, form.nodes)}
            value={form.replicationFactor}
            problem={problems.replicationFactor}
            onChange={(replicationFactor) => set({ replicationFactor })}
          />
        </div>
        <div className={styles.two}>
          <TextField
            label="Base port"
            note={isCurrent && problems.basePort === undefined ? 'all free' : 'optional'}
            mono
            inputMode="numeric"
            placeholder={check === undefined ? 'chosen for you' : String(check.basePort)}
            value={form.basePort}
            problem={problems.basePort}
            onChange={(event) => set({ basePort: event.target.value })}
            trailing={
              isCurrent && problems.basePort === undefined && <Icon name="check" size={14} className={styles.ok} />
            }
          />
          <dl className={styles.ports}>
            <div>
              <dt>Clients</dt>
              <dd>{portRange(check?.clientPorts ?? [])}</dd>
            </div>
            <div>
              <dt>Raft</dt>
              <dd>{portRange(check?.raftPorts ?? [])}</dd>
            </div>
          </dl>
        </div>
        <TextField
          label="Data directory"
          note={typeof check?.freeBytes !== 'number' ? 'optional' : `${formatBytes(check.freeBytes)} free`}
          mono
          placeholder={check?.dataDir ?? 'chosen for you'}
          value={form.dataDir}
          problem={problems.dataDir}
          onChange={(event) => set({ dataDir: event.target.value })}
        />
        <Switch
          label="Encrypt all ports but that of the metrics (TLS, with certificates of its own)"
          checked={form.tls}
          onChange={(tls) => set({ tls })}
        />
        {check !== undefined && (
          <section className={styles.preview} aria-labelledby={`${formId}-what`} data-stale={!isCurrent || undefined}>
            <PlacementPreview nodes={check.clientPorts.length} placement={check.placement} />
            <div className={styles.what}>
              <h3 id={`${formId}-what`}>What will start</h3>
              <ul>
                {whatWillStart(check, form.tls).map((line) => (
                  <li key={line}>
                    <Icon name="check" size={13} />
                    {line}
                  </li>
                ))}
              </ul>
            </div>
          </section>
        )}
        {error !== null && <ErrorNote title="The specification could not be checked." error={error} />}
        {failure !== null && fieldOf(failure) === undefined && (
          <ErrorNote title="The cluster was not created." error={failure} fix={{ label: 'Try again', run: submit }} />
        )}
      </form>
    </Sheet>
  );
}
