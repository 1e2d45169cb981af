import { useEffect, useRef } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Icon } from '../../ui/icon.tsx';
import { NumberStepper } from '../../ui/number-stepper.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { boundsOf, problemOf, readForm, writeForm, type DrillForm } from './drill-form.ts';
import { scenarios, whyNoDrill } from './drill-words.ts';
import { DrillProgress } from './drill-progress.tsx';
import { reportPath } from './drill-route.ts';
import { useDrillLive } from './use-drills.ts';
import styles from './run-panel.module.css';

/** Choose what to break and under which load, and see it done. */
export function RunPanel({ cluster }: { cluster: string }) {
  const live = useDrillLive(cluster);
  const [, navigate] = useLocation();
  const running = live?.running ?? null;
  const last = live?.last ?? null;
  const reportId = last?.reportId ?? null;
  const wasRunning = useRef(false);
  useEffect(() => {
    // Who watched it run wants to see what came of it; who came later is not moved.
    if (running === null && wasRunning.current && reportId !== null) navigate(reportPath(cluster, reportId));
    wasRunning.current = running !== null;
  }, [running, reportId, cluster, navigate]);
  if (running !== null) {
    return (
      <Panel title="Drill" className={styles.panel}>
        <DrillProgress cluster={cluster} progress={running}>
          <Link href={clusterPath(cluster)}>Watch it on the overview</Link>
        </DrillProgress>
      </Panel>
    );
  }
  return (
    <Panel title="Run a drill" className={styles.panel}>
      {last !== null && last.outcome !== 'reported' && (
        <div className={styles.note}>
          {last.outcome === 'cancelled' ? (
            <p role="status">The last drill was cancelled. What it had begun was undone; there is no report.</p>
          ) : (
            <ErrorNote title="The last drill broke off.">
              {last.error?.message} {last.error?.hint}
            </ErrorNote>
          )}
        </div>
      )}
      <Form cluster={cluster} />
    </Panel>
  );
}

function Form({ cluster }: { cluster: string }) {
  const summary = useView((view) => view.summary);
  const hasLoad = useView((view) => view.load !== null);
  const [params, setParams] = useSearchParams();
  const { run, isBusy } = useCommand();
  const form = readForm(params, summary.partitionCount);
  const bounds = boundsOf(summary.partitionCount, form.scenario);
  const change = (part: Partial<DrillForm>) => setParams((now) => writeForm(now, part), { replace: true });
  const problems = {
    clients: problemOf(form.clients, bounds.clients),
    keyCount: problemOf(form.keyCount, bounds.keyCount),
    faultSeconds: problemOf(form.faultSeconds, bounds.faultSeconds),
  };
  const refused = whyNoDrill(summary);
  const input = { cluster, ...form };
  const ready = refused === null && Object.values(problems).every((problem) => problem === undefined);
  const steps = form.scenario !== 'rolling-restart';
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void run('drills.start', input, { failed: 'The drill could not be started' });
      }}
    >
      <fieldset className={styles.scenarios}>
        <legend>What to do to the cluster</legend>
        {scenarios.map(({ scenario, label, text, icon }) => (
          <label key={scenario} className={cx(styles.scenario, scenario === form.scenario && styles.chosen)}>
            <input
              type="radio"
              name="scenario"
              value={scenario}
              checked={scenario === form.scenario}
              onChange={() => change({ scenario })}
            />
            <Icon name={icon} />
            <span>
              <b>{label}</b>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset className={styles.load}>
        <legend>Under which load</legend>
        <NumberStepper
          label="Clients"
          note={`from ${bounds.clients.min}`}
          value={form.clients}
          {...bounds.clients}
          problem={problems.clients}
          onChange={(clients) => change({ clients })}
        />
        <NumberStepper
          label="Keys"
          note={`from ${bounds.keyCount.min}`}
          value={form.keyCount}
          {...bounds.keyCount}
          step={10}
          problem={problems.keyCount}
          onChange={(keyCount) => change({ keyCount })}
        />
        <div className={styles.mix}>
          <span className={styles.mixLabel} aria-hidden="true">
            Mix
          </span>
          <Segmented
            label="Mix"
            full
            value={String(form.readPercent)}
            options={mixOptions(form.readPercent)}
            onChange={(value) => change({ readPercent: Number(value) })}
          />
        </div>
        {steps && (
          <NumberStepper
            label="Fault lasts"
            note="seconds"
            value={form.faultSeconds}
            {...bounds.faultSeconds}
            problem={problems.faultSeconds}
            onChange={(faultSeconds) => change({ faultSeconds })}
          />
        )}
      </fieldset>
      <div className={styles.go}>
        <Button
          type="submit"
          variant="primary"
          icon="play"
          disabled={!ready}
          busy={isBusy('drills.start', input)}
          aria-describedby="drill-note"
        >
          Run drill
        </Button>
        <p id="drill-note">
          {refused ??
            `Takes about ${steps ? 10 + form.faultSeconds : 20} s. The fault is healed however the drill ends.${hasLoad ? ' The load that runs now stops first.' : ''}`}
        </p>
      </div>
    </form>
  );
}

/** Three mixes to choose from, and whatever the address says beside them. */
function mixOptions(readPercent: number) {
  const known = [
    { value: '0', label: 'Writes', title: 'Writes only' },
    { value: '50', label: 'Mixed', title: 'Half of it linearizable reads' },
    { value: '95', label: 'Reads', title: '95 % linearizable reads' },
  ];
  if (known.some((one) => one.value === String(readPercent))) return known;
  return [...known, { value: String(readPercent), label: `${readPercent} % reads`, title: `${readPercent} % reads` }];
}
