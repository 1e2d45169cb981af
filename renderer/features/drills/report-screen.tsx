import { useEffect, useRef } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { DrillReport } from '../../../electron/contract/drills.ts';
import { useCommand } from '../../api/use-command.ts';
import { ask } from '../../app/ask-store.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatClock, formatCount, plural } from '../../ui/format.ts';
import { Icon, type IconName } from '../../ui/icon.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Select } from '../../ui/select.tsx';
import { Comparison } from './comparison.tsx';
import { drillsPath } from './drill-route.ts';
import { happenings, loadWords, offsetWords, verdictWords, type Happening } from './drill-words.ts';
import { PartitionsTable } from './partitions-table.tsx';
import { ReportTimeline } from './report-timeline.tsx';
import { ResultRows } from './result-rows.tsx';
import { useDrillReport, useDrillReports } from './use-drills.ts';
import { Verdict } from './verdict.tsx';
import { useExportReport } from './use-report-actions.ts';
import styles from './report-screen.module.css';

/** One report, and beside it another when the address names one (`with`). */
export function ReportScreen({ id, cluster }: { id: string; cluster: string | null }) {
  const { data: report, error } = useDrillReport(id);
  const [, navigate] = useLocation();
  if (error !== null) {
    return (
      <div className={styles.failed}>
        <ErrorNote
          title="This drill report cannot be shown."
          error={error}
          fix={{ label: 'Show all reports', run: () => navigate(drillsPath(cluster)) }}
        />
      </div>
    );
  }
  if (report === undefined) return <div className={styles.screen} aria-busy="true" />;
  return <Report report={report} cluster={cluster} />;
}

function Report({ report, cluster }: { report: DrillReport; cluster: string | null }) {
  const [params, setParams] = useSearchParams();
  const heading = useRef<HTMLHeadingElement>(null);
  const other = params.get('with');
  const { fault, verdict, operations, consistency } = report;
  useEffect(() => heading.current?.focus(), []);
  const compareWith = (id: string) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        if (id === '') next.delete('with');
        else next.set('with', id);
        return next;
      },
      { replace: true },
    );
  return (
    <section className={styles.screen} aria-label="Drill report">
      <header className={styles.header}>
        <div className={styles.titles}>
          <Link href={drillsPath(cluster)} className={styles.back}>
            All reports
          </Link>
          <h1 ref={heading} tabIndex={-1}>
            Failover drill: {fault.title}
            <Verdict passed={verdict.passed} />
          </h1>
          <p>{verdictWords(report)}</p>
        </div>
        <Actions report={report} cluster={cluster} other={other} onCompare={compareWith} />
      </header>
      <div className={styles.body}>
        {other !== null && <Comparison first={other} second={report.id} onClose={() => compareWith('')} />}
        {!verdict.passed && (
          <Panel title="Why it failed" className={styles.bad}>
            <ul className={styles.reasons}>
              {verdict.reasons.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </Panel>
        )}
        {consistency.explanation !== null && (
          <Panel title="The smallest window that shows it" hint="each operation as its client saw it">
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling text must be reachable by keyboard */}
            <pre className={styles.window} tabIndex={0} aria-label="Explanation">
              {consistency.explanation}
            </pre>
          </Panel>
        )}
        {consistency.lostExamples.length > 0 && (
          <Panel title="Lost writes" hint={`${formatCount(consistency.acknowledgedWritesLost)} in all`}>
            <ul className={styles.reasons}>
              {consistency.lostExamples.map((example) => (
                <li key={example} className="mono">
                  {example}
                </li>
              ))}
            </ul>
          </Panel>
        )}
        <div className={styles.upper}>
          <Panel title="Result">
            <ResultRows report={report} />
          </Panel>
          <Panel title="Timeline" hint="operations answered a second, offsets from the fault" actions={<Legend />}>
            <ReportTimeline report={report} />
          </Panel>
        </div>
        <div className={styles.lower}>
          <Panel title="What happened" hint="since the fault">
            <ol className={styles.happenings}>
              {happenings(report).map((one) => (
                <HappeningRow key={one.id} happening={one} atMs={fault.atMs} />
              ))}
            </ol>
          </Panel>
          <div className={styles.stack}>
            <Panel title="Partitions" hint="the time without a leader, and the time that clients felt">
              <PartitionsTable report={report} />
            </Panel>
            {operations.errors.length > 0 && (
              <Panel title="Errors that clients got" hint="after their own retries">
                <ul className={styles.reasons}>
                  {operations.errors.map(({ code, count, example }) => (
                    <li key={code}>
                      {plural(count, 'time')} <b className="mono">{code}</b>: {example}
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
            <Panel title="Under which load">
              <Settings report={report} />
            </Panel>
          </div>
        </div>
      </div>
    </section>
  );
}

function Actions({
  report,
  cluster,
  other,
  onCompare,
}: {
  report: DrillReport;
  cluster: string | null;
  other: string | null;
  onCompare: (id: string) => void;
}) {
  const [, navigate] = useLocation();
  const { reports } = useDrillReports();
  const { run } = useCommand();
  const save = useExportReport();
  const { id, scenario, settings } = report;
  const remove = async () => {
    const words = { failed: 'The report could not be deleted', done: { title: 'The report was deleted.' } };
    if (await run('drills.delete', { id }, words)) navigate(drillsPath(cluster), { replace: true });
  };
  const others = (reports ?? []).filter((one) => one.id !== id && (cluster === null || one.cluster === cluster));
  const known = others.some((one) => one.id === other);
  const again = new URLSearchParams({
    scenario,
    clients: String(settings.clients),
    reads: String(settings.readPercent),
    keys: String(settings.keyCount),
    seconds: String(Math.round(settings.faultSeconds)),
  });
  return (
    <div className={styles.actions}>
      {others.length > 0 && (
        <Select
          label="Compare with"
          hideLabel
          value={known ? (other ?? '') : ''}
          options={[
            { value: '', label: 'Compare with…' },
            ...others.map((one) => ({
              value: one.id,
              label: `${one.title}, ${new Date(one.startedAtMs).toLocaleDateString('en-GB')} ${formatClock(one.startedAtMs)}`,
            })),
          ]}
          onChange={onCompare}
        />
      )}
      {cluster !== null && (
        <Button icon="restart" onClick={() => navigate(`${drillsPath(cluster)}?${again.toString()}`)}>
          Run again…
        </Button>
      )}
      <Menu
        label="Export report"
        trigger={
          <Button icon="download" trailingIcon="chevronDown">
            Export report
          </Button>
        }
        items={[
          { label: 'Markdown', icon: 'file', hint: '.md', onSelect: () => void save(id, 'markdown') },
          { label: 'JSON', icon: 'file', hint: '.json', onSelect: () => void save(id, 'json') },
        ]}
      />
      <Button
        icon="trash"
        onClick={() =>
          ask({
            title: 'Delete this report?',
            text: `The report of ${report.fault.title} on ${report.cluster.name} is deleted, here and for the command. This cannot be undone.`,
            action: 'Delete report',
            run: () => void remove(),
          })
        }
      >
        Delete
      </Button>
    </div>
  );
}

function Legend() {
  return (
    <ul className={styles.legend} aria-hidden="true">
      <li className={styles.answered}>answered</li>
      <li className={styles.errors}>failed</li>
      <li className={styles.leaderless}>no leader</li>
    </ul>
  );
}

const looks: Readonly<Record<Happening['kind'], { readonly icon: IconName; readonly tone: string | undefined }>> = {
  fault: { icon: 'kill', tone: styles.toneBad },
  elected: { icon: 'hexagon', tone: undefined },
  lost: { icon: 'alert', tone: styles.toneBad },
  healed: { icon: 'heal', tone: styles.toneGood },
  recovered: { icon: 'checkCircle', tone: styles.toneGood },
};

function HappeningRow({ happening, atMs }: { happening: Happening; atMs: number }) {
  const { icon, tone } = looks[happening.kind];
  const at = new Date(atMs + happening.offsetMs);
  return (
    <li className={styles.happening}>
      <span className={tone}>
        <Icon name={icon} size={14} />
      </span>
      <div>
        <span className={styles.when}>
          <time dateTime={at.toISOString()}>{formatClock(at.getTime())}</time>
          <span>{offsetWords(happening.offsetMs)}</span>
        </span>
        <p>{happening.text}</p>
      </div>
    </li>
  );
}

function Settings({ report }: { report: DrillReport }) {
  const { cluster, settings, throughput, timings, operations, startedAtMs } = report;
  const { timing } = cluster;
  const rate = (value: number | null) => (value === null ? 'not known' : `${formatCount(Math.round(value))} /s`);
  const facts: [string, string][] = [
    [
      'Load',
      `${loadWords(settings)}, ${plural(settings.keyCount, 'key')} of ${settings.valueBytes} bytes, ${formatCount(settings.timeoutMs)} ms for each call`,
    ],
    [
      'Throughput',
      `${rate(throughput.beforePerSecond)} before, ${rate(throughput.duringPerSecond)} during, ${rate(throughput.afterPerSecond)} after`,
    ],
    [
      'Operations',
      `${formatCount(operations.total)}, ${formatCount(operations.retried)} retried, ${formatCount(operations.failed)} failed`,
    ],
    ['Usual gap', `${Math.round(timings.usualGapMs)} ms between two answers of a partition before the fault`],
    [
      'Cluster',
      `${cluster.name}: ${plural(cluster.nodes, 'node')}, ${plural(cluster.partitions, 'partition')}, ${cluster.replicationFactor} copies, PrkDB ${cluster.version}`,
    ],
    [
      'Timing',
      `elections after ${timing.electionTicksMin * timing.tickMs} to ${timing.electionTicksMax * timing.tickMs} ms, heartbeat every ${timing.heartbeatTicks * timing.tickMs} ms`,
    ],
    ['Ran', `${new Date(startedAtMs).toLocaleString('en-GB')}, drill ${report.id}`],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
