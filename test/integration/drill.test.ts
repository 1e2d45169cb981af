import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReportStore, runDrill, type DrillReport } from '../../engine/drill/index.ts';
import { childProcessLauncher, createSupervisor, type Supervisor } from '../../engine/supervisor/index.ts';
import { runCommand, startCommand, type CommandResult } from '../support/command.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

const CLUSTER = 'drilled';
const SHORT = ['--clients', '4', '--keys', '16', '--seconds', '2'];

let temp: ReturnType<typeof tempDir>;
let home: string;
let supervisor: Supervisor;

const prkdb = (...args: string[]): Promise<CommandResult> => runCommand(home, args);
const states = async () => (await supervisor.get(CLUSTER)).nodes.map((node) => node.state);
const pids = async () => (await supervisor.get(CLUSTER)).nodes.map((node) => node.pid);
const reports = () => new ReportStore(home).list();
const keysOfDrills = async () => {
  const result = await prkdb('scan', 'drill/', '--cluster', CLUSTER, '--json');
  if (result.code !== 0) throw new Error(result.stderr);
  return (JSON.parse(result.text) as { entries: object[] }).entries;
};

/** `prkdb drill` as a process; `onNote` hears each line of its progress. */
async function drillProcess(
  scenario: string,
  onNote: (line: string, pid: number) => void,
): Promise<{ code: number | null; notes: string; text: string }> {
  const child = startCommand(home, ['drill', CLUSTER, '--scenario', scenario, ...SHORT]);
  let notes = '';
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
    for (const line of chunk.toString().split('\n')) onNote(line, child.pid!);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, notes, text };
}

beforeAll(async () => {
  temp = tempDir();
  home = path.join(temp.path, 'home');
  supervisor = await createSupervisor({ home, launcher: childProcessLauncher(), actor: 'command' });
  const base = String(await freeBasePort(3));
  const result = await prkdb('up', CLUSTER, '--detach', '--base-port', base, '--partitions', '4');
  if (result.code !== 0) throw new Error(result.stderr);
});

afterAll(async () => {
  await prkdb('rm', CLUSTER, '--yes');
  await supervisor.close();
  temp.remove();
});

describe('prkdb drill', () => {
  it('kills a leader under load, and reports what that cost as JSON', async () => {
    const before = await pids();
    const result = await prkdb('drill', CLUSTER, '--scenario', 'kill-leader', ...SHORT, '--json');
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const report = JSON.parse(result.text) as DrillReport;
    expect(report).toMatchObject({
      scenario: 'kill-leader',
      settings: { clients: 4, keyCount: 16, faultSeconds: 2 },
      verdict: { passed: true, reasons: [] },
      consistency: { acknowledgedWritesLost: 0, linearizable: 'yes', keysRead: 16, keysUnread: 0 },
    });
    const [victim] = report.fault.victims;
    expect(report.fault.title).toBe(`kill n${victim}`);
    expect(report.operations.writesAcknowledged).toBeGreaterThan(50);
    expect(report.operations.total).toBe(report.consistency.operationsChecked);
    const hit = report.partitions.filter((one) => one.leaderBefore === victim);
    expect(hit.length).toBeGreaterThan(0);
    for (const one of hit) {
      expect(one.termAfter).toBeGreaterThan(one.termBefore);
      expect(one.leaderlessMs).toBeGreaterThan(0);
      // Who led it last had answered before it died; nobody answers before there is a leader again.
      expect(one.unavailableMs).toBeGreaterThan(one.leaderlessMs! / 2);
    }
    expect(report.outages.map((one) => one.partition)).toEqual(hit.map((one) => one.partition));
    expect(report.timings.leaderlessMs).toBe(Math.max(...hit.map((one) => one.leaderlessMs!)));

    expect(await states()).toEqual(['running', 'running', 'running']);
    const after = await pids();
    expect(after.filter((pid, i) => pid !== before[i])).toHaveLength(1);
    expect(await reports()).toEqual([report]);
    expect(await keysOfDrills()).toEqual([]);
  });

  it('tells it in words, and writes Markdown where it is asked to', async () => {
    const file = path.join(temp.path, 'drill.md');
    const result = await prkdb('drill', CLUSTER, '--scenario', 'pause-leader', ...SHORT, '--out', file);
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/Load of 4 clients, 3 s undisturbed\.\n/);
    expect(result.stderr).toMatch(/Checking \d+ operations/);
    expect(result.text).toMatch(/^Drill on drilled: pause n\d\. PASSED\n {2}/);
    expect(result.text).toMatch(/has a leader again after [\d,]+ ms/);
    expect(result.text).toMatch(/acknowledged writes, 0 lost; linearizable/);
    expect(readFileSync(file, 'utf8')).toMatch(/^# Failover drill: pause n\d\n/);
    expect(await states()).toEqual(['running', 'running', 'running']);
  });

  it('heals what it did when it is interrupted, and keeps no report', async () => {
    const count = (await reports()).length;
    const { code, notes } = await drillProcess('isolate-leader', (line, pid) => {
      if (/^every link of n\d cut/.test(line)) process.kill(pid, 'SIGINT');
    });
    expect(code).toBe(1);
    expect(notes).toMatch(/Healing the cluster\.\n(.|\n)*prkdb: The drill was cancelled\./);
    expect(await reports()).toHaveLength(count);
    // Nothing is cut: a drill begins only with a cluster that suffers nothing.
    const report = await runDrill(supervisor, CLUSTER, {
      scenario: 'isolate-leader',
      secondsBefore: 1,
      faultSeconds: 1.5,
      secondsAfter: 1,
    });
    expect(report.verdict).toEqual({ passed: true, reasons: [] });
    expect(await keysOfDrills()).toEqual([]);
  });

  it('brings back a node it had killed when it is cancelled', async () => {
    const controller = new AbortController();
    const drill = runDrill(supervisor, CLUSTER, {
      scenario: 'kill-leader',
      secondsBefore: 1,
      signal: controller.signal,
      onProgress: ({ text }) => {
        if (/killed/.test(text)) setTimeout(() => controller.abort(), 300);
      },
    });
    await expect(drill).rejects.toMatchObject({ code: 'cancelled' });
    expect(await states()).toEqual(['running', 'running', 'running']);
  });

  it('runs alone: another one on the same cluster is refused, and the first goes on', async () => {
    let second: Promise<CommandResult> | null = null;
    const first = runDrill(supervisor, CLUSTER, {
      scenario: 'kill-leader',
      secondsBefore: 2,
      faultSeconds: 1,
      secondsAfter: 1,
      onProgress: ({ phase }) => {
        if (phase === 'before') second ??= prkdb('drill', CLUSTER, '--scenario', 'cut-majority');
      },
    });
    expect((await first).verdict).toEqual({ passed: true, reasons: [] });
    const result = await second!;
    expect(result).toMatchObject({ code: 1, text: '' });
    expect(result.stderr).toMatch(
      /^prkdb: A drill is already running on drilled, begun by the app or another command\./,
    );
  });

  it('is refused for a cluster that is not whole, and does nothing to it', async () => {
    await prkdb('pause', CLUSTER, 'n2');
    const [before, count] = [await pids(), (await reports()).length];
    const result = await prkdb('drill', CLUSTER, '--scenario', 'kill-leader');
    expect(result).toMatchObject({ code: 1, text: '' });
    expect(result.stderr).toBe(
      'prkdb: Not every node of drilled is up: n2 is paused.\n' +
        'A drill begins with a whole cluster. Start or resume the node first.\n',
    );
    expect(await states()).toEqual(['running', 'paused', 'running']);
    expect(await pids()).toEqual(before);
    expect(await reports()).toHaveLength(count);
    await prkdb('resume', CLUSTER, 'n2');
  });

  it('fails with code 1 when the cluster does not keep its promises', async () => {
    // Two nodes stop for good while the drill believes that all is well again.
    let stopped: Promise<unknown> = Promise.resolve();
    const { code, notes, text } = await drillProcess('kill-leader', (line) => {
      if (!line.startsWith('Throughput is back')) return;
      stopped = Promise.all([supervisor.pauseNode(CLUSTER, 1), supervisor.pauseNode(CLUSTER, 2)]);
    });
    await stopped;
    await supervisor.resumeNode(CLUSTER, 1);
    await supervisor.resumeNode(CLUSTER, 2);
    expect(code).toBe(1);
    expect(text).toMatch(/^Drill on drilled: kill n\d\. FAILED\n/);
    expect(notes).toMatch(/prkdb: The drill failed: \d+ keys could not be read back after the drill\./);
    const [report] = await reports();
    expect(notes).toContain(`See its report with: prkdb reports ${report!.id}`);
    expect(report!.verdict.passed).toBe(false);
    // What could not be read was not lost.
    expect(report!.consistency).toMatchObject({ acknowledgedWritesLost: 0, linearizable: 'yes' });
  });

  it('lists reports, shows one, and compares two', async () => {
    const kept = await reports();
    const [newest, older] = kept;
    const listed = await prkdb('reports');
    expect(listed.text.trimEnd().split('\n')).toHaveLength(kept.length + 1);
    expect(listed.text).toMatch(new RegExp(`${newest!.id} +drilled +kill n\\d +FAILED`));
    expect(JSON.parse((await prkdb('reports', '--json')).text)).toEqual(kept);
    expect((await prkdb('reports', newest!.id)).text).toMatch(/FAILED\n(.|\n)*keys could not be read back/);
    expect(JSON.parse((await prkdb('reports', older!.id, '--json')).text)).toEqual(older);
    const compared = await prkdb('reports', newest!.id, '--compare', older!.id);
    expect(compared.text).toMatch(/^MEASURE +\S+ +\S+ +CHANGE\nUnavailable window +\d+ ms/);
    const missing = await prkdb('reports', '20200101-000000-0000');
    expect(missing).toMatchObject({ code: 1, text: '' });
    expect(missing.stderr).toMatch(/^prkdb: There is no drill report/);
  });

  it.each([
    [/Allowed choices are kill-leader, pause-leader/, ['--scenario', 'unplug']],
    [/whole number from 0 to 100/, ['--reads', '101']],
  ])('refuses a command line with %s', async (message, args) => {
    const result = await prkdb('drill', CLUSTER, ...args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
  });
});

describe('prkdb load', () => {
  it('runs alone, and prints rates and latencies', async () => {
    const args = ['load', CLUSTER, '--clients', '4', '--seconds', '1', '--keys', '10', '--reads', '20'];
    const shown = await prkdb(...args);
    expect(shown.code).toBe(0);
    expect(shown.text).toMatch(/^drilled: 4 clients for \d\.\d s\.\n {2}writes +\d+\/s {2}p50 [\d.]+ ms {2}p99/);
    const result = await prkdb(...args, '--json');
    const stats = JSON.parse(result.text) as Record<string, number>;
    expect(stats).toMatchObject({ name: CLUSTER, failed: 0 });
    expect(stats['acknowledged']).toBeGreaterThan(0);
    expect(stats['reads']).toBeGreaterThan(0);
  });

  it('says that the cluster is not running', async () => {
    await prkdb('down', CLUSTER);
    const result = await prkdb('load', CLUSTER, '--seconds', '1');
    expect(result).toMatchObject({ code: 1, text: '' });
    expect(result.stderr).toMatch(/^prkdb: The cluster drilled is not running\.\nStart it with: prkdb up drilled\n$/);
    expect(await prkdb('drill', CLUSTER)).toMatchObject({ code: 1 });
    expect(readdirSync(path.join(home, 'clusters'))).toEqual([CLUSTER]);
  });
});
