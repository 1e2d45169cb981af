import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrillDesk } from '../../../electron/backend/drills/drill-desk.ts';
import {
  drillComparisonSchema,
  drillReportSchema,
  drillSummarySchema,
  type DrillLive,
  type DrillSummary,
} from '../../../electron/contract/drills.ts';
import {
  DrillError,
  ReportStore,
  SCENARIOS,
  type DrillOptions,
  type DrillReport,
} from '../../../engine/drill/index.ts';
import type { Supervisor } from '../../../engine/supervisor/index.ts';
import { sampleReport } from '../../engine/drill/sample.ts';
import { tempDir } from '../../support/temp.ts';

/** A drill that a test drives by hand. */
interface Run {
  readonly options: DrillOptions;
  tell(text: string): void;
  end(report: DrillReport): void;
  fail(error: unknown): void;
}

let temp: ReturnType<typeof tempDir>;
let desk: DrillDesk;
let runs: Run[];
let errors: unknown[];

const choice = { cluster: 'dev-3', scenario: 'kill-leader' } as const;
const report = sampleReport();
const noLinks = () => undefined;
const begin = async (): Promise<Run> => {
  const started = desk.start(choice, noLinks);
  const run = runs.at(-1)!;
  run.tell('Looking at the cluster.');
  await started;
  return run;
};

beforeEach(() => {
  temp = tempDir();
  runs = [];
  errors = [];
  desk = new DrillDesk({
    supervisor: {} as Supervisor,
    home: temp.path,
    now: () => 5000,
    onError: (error) => errors.push(error),
    runDrill: (_supervisor, _name, options) =>
      new Promise((resolve, reject) => {
        runs.push({
          options,
          tell: (text) =>
            options.onProgress?.({ phase: 'before', text, elapsedMs: 0, operations: runs.length, failed: 0 }),
          end: resolve,
          fail: reject,
        });
      }),
  });
});

afterEach(() => temp.remove());

describe('the desk of drills', () => {
  it('tells what is done in words, then where the report is', async () => {
    const seen: DrillLive[] = [];
    desk.watch('dev-3', (live) => seen.push(live));
    const run = await begin();
    run.tell('Looking at the cluster.');
    run.tell('n1 killed (SIGKILL).');
    expect(seen.at(-1)?.running).toMatchObject({
      text: 'n1 killed (SIGKILL).',
      told: [
        { atMs: 5000, text: 'Looking at the cluster.' },
        { atMs: 5000, text: 'n1 killed (SIGKILL).' },
      ],
    });
    run.end(report);
    await vi.waitFor(() => expect(desk.live('dev-3').running).toBeNull());
    expect(seen.at(-1)).toEqual({
      running: null,
      last: { scenario: 'kill-leader', endedAtMs: 5000, outcome: 'reported', reportId: report.id, error: null },
    });
    expect(await new ReportStore(temp.path).list()).toEqual([report]);
    expect(desk.live('other')).toEqual({ running: null, last: null });
  });

  it('refuses a second drill on a cluster, and hands on only what was chosen', async () => {
    await begin();
    expect(Object.keys(runs[0]!.options).toSorted()).toEqual(['onLinks', 'onProgress', 'scenario', 'signal']);
    await expect(desk.start(choice, noLinks)).rejects.toMatchObject({ code: 'refused' });
    expect(runs).toHaveLength(1);
    const other = desk.start({ ...choice, cluster: 'other', clients: 9 }, noLinks);
    expect(runs[1]!.options).toMatchObject({ clients: 9 });
    runs[1]!.tell('Looking.');
    await other;
  });

  it('rejects a start that was refused, and remembers nothing of it', async () => {
    const started = desk.start(choice, noLinks);
    runs[0]!.fail(new DrillError('refused', 'n2 is paused.', 'Resume it.'));
    await expect(started).rejects.toMatchObject({ code: 'refused', message: 'n2 is paused.' });
    expect(desk.live('dev-3')).toEqual({ running: null, last: null });
  });

  it('cancels, and waits until the cluster is in order', async () => {
    const run = await begin();
    let isCancelled = false;
    const cancelled = desk.cancel('dev-3').then(() => (isCancelled = true));
    expect(run.options.signal?.aborted).toBe(true);
    expect(desk.live('dev-3').running?.cancelling).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isCancelled).toBe(false);
    run.fail(new DrillError('cancelled', 'The drill was cancelled.', ''));
    await cancelled;
    expect(desk.live('dev-3').last).toMatchObject({ outcome: 'cancelled', reportId: null });
    expect(errors).toEqual([]);
    await desk.cancel('dev-3');
  });

  it('says why a drill broke off', async () => {
    const run = await begin();
    run.fail(new DrillError('healFailed', 'dev-3 could not be healed.', 'Restart its nodes.'));
    await vi.waitFor(() => expect(desk.live('dev-3').last).not.toBeNull());
    expect(desk.live('dev-3').last).toMatchObject({
      outcome: 'failed',
      error: { message: 'dev-3 could not be healed.', hint: 'Restart its nodes.' },
    });
    // The user is told; the log need not be.
    expect(errors).toEqual([]);
  });

  it('closes only when what it began is undone', async () => {
    const run = await begin();
    const closed = desk.close();
    run.fail(new DrillError('cancelled', '', ''));
    await closed;
    await expect(desk.start(choice, noLinks)).rejects.toMatchObject({ code: 'disconnected' });
  });
});

describe('kept reports', () => {
  it('are told now and after every change, also by somebody else', async () => {
    const told: DrillSummary[][] = [];
    const stop = desk.watchReports(
      (reports) => told.push(reports),
      (error) => errors.push(error),
    );
    await vi.waitFor(() => expect(told).toEqual([[]]));
    // The end of a drill without a report changes nothing.
    (await begin()).fail(new DrillError('cancelled', '', ''));
    await vi.waitFor(() => expect(desk.live('dev-3').last).not.toBeNull());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([[]]);
    await new ReportStore(temp.path).save(report);
    await vi.waitFor(() => expect(told).toHaveLength(2), 10_000);
    expect(told[1]).toMatchObject([{ id: report.id, title: 'kill n1', passed: true, unavailableMs: 1210 }]);
    await desk.remove(report.id);
    await vi.waitFor(() => expect(told.at(-1)).toEqual([]));
    expect(told).toHaveLength(3);
    stop();
    expect(errors).toEqual([]);
  });

  it('cross the contract whole', async () => {
    const store = new ReportStore(temp.path);
    const second = sampleReport({ id: '20260102-030406-0a1b', timings: { ...report.timings, unavailableMs: 500 } });
    await store.save(report);
    await store.save(second);
    const { id } = report;
    const crossed = drillReportSchema.parse(await desk.report(id));
    expect(crossed.outages).toEqual(report.outages);
    expect(crossed.verdict).toEqual(report.verdict);
    const comparison = drillComparisonSchema.parse(await desk.compare(id, second.id));
    expect(comparison.rows[0]).toMatchObject({ measure: 'Unavailable window', change: 'better' });
    expect(drillSummarySchema.shape.scenario.options).toEqual(SCENARIOS);

    const json = await desk.exportAs(id, 'json');
    expect(json.fileName).toBe(`dev-3-drill-${id}.json`);
    expect(JSON.parse(json.text)).toEqual(report);
    const markdown = await desk.exportAs(id, 'markdown');
    expect(markdown).toMatchObject({ fileName: `dev-3-drill-${id}.md`, text: expect.stringMatching(/^# Failover/) });
    await expect(desk.report('20260102-030409-0a1b')).rejects.toMatchObject({ code: 'notFound' });
  });
});
