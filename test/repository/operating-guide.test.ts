import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createContext } from '../../engine/cli/context.ts';
import { createProgram } from '../../engine/cli/run.ts';
import { nodeConfigSchema } from '../../engine/config/node-config.ts';
import { guideExpressions, guideFile, guideLines, guideText, metricsMissingIn } from '../support/operating-guide.ts';
import { parsePlainYaml } from '../support/plain-yaml.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

/** Parses a command line as the command would, without running it. Rejects as the command refuses it. */
async function parse(args: readonly string[]): Promise<string> {
  let ran = '';
  const inert = (command: Command): void => {
    command.action(() => void (ran = command.name()));
    for (const child of command.commands) inert(child);
  };
  const quiet = new PassThrough().resume();
  const context = createContext({ stdin: quiet, stdout: quiet, stderr: quiet, env: {} });
  const program = createProgram(context);
  inert(program);
  await program.parseAsync(args, { from: 'user' });
  return ran;
}

/** The words of a shell line: quotes, and the variables that the guide sets. Ends at a redirection. */
function words(line: string, variables: ReadonlyMap<string, string> = new Map()): string[] {
  const expanded = line.replaceAll(/(?<!\\)\$\{?([A-Z_]+)\}?/g, (all, name: string) => variables.get(name) ?? all);
  const found = [...expanded.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
  const end = found.indexOf('>');
  return end < 0 ? found : found.slice(0, end);
}

/** `[section, key, value]` of each setting of a unit file. */
function settingsOf(unit: string): [string, string, string][] {
  let section = '';
  return guideFile(unit)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line): [string, string, string][] => {
      const [, header] = /^\[(Unit|Service|Timer|Install)\]$/.exec(line) ?? [];
      const [, key = '', value = ''] = /^([A-Z]\w+)=(.+)$/.exec(line) ?? [];
      if (header === undefined && (section === '' || key === '')) throw new Error(`${unit}: ${line}`);
      section = header ?? section;
      return header === undefined ? [[section, key, value]] : [];
    });
}

const units = ['prkdb.service', 'prkdb-backup.service', 'prkdb-backup.timer'];
const nodes = [1, 2, 3, 4].map((id) => nodeConfigSchema.parse(JSON.parse(guideFile(`node-${id}.json`))));

describe('the operator’s guide', () => {
  const lines = guideLines();
  const [, options = ''] = lines.map((line) => /^PRKDB="(.*)"$/.exec(line)).find((match) => match !== null) ?? [];
  const variables = new Map([['PRKDB', options]]);
  const commands = lines.filter((line) => line.startsWith('prkdb '));

  test('has commands', () => {
    expect(commands.length).toBeGreaterThan(12);
  });

  test.each(commands)('%s', async (line) => {
    expect(await parse(words(line, variables).slice(1))).not.toBe('');
  });

  test('commands within sentences exist too', async () => {
    const inline = [...guideText().matchAll(/`prkdb ([a-z]+)( [a-z]+)?[^`]*`/g)];
    const known = createProgram(
      createContext({ stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: {} }),
    );
    const names = new Set(known.commands.map((command) => command.name()));
    expect(inline.map(([, name]) => name!).filter((name) => !names.has(name))).toEqual([]);
  });

  test('a command that does not exist would be found', async () => {
    await expect(parse(['backup', '--no-such-flag', 'x'])).rejects.toThrow(/unknown option/);
    await expect(parse(['token', 'create'])).rejects.toThrow(/--rights/);
  });

  test('names files that are there', () => {
    const named = [...guideText().matchAll(/\]\((operating\/[^)#]+)\)|(docs\/operating\/\S+)/g)];
    const files = named.map(([, link, path]) => (link ?? path!.slice('docs/'.length)).replace(/\/$/, ''));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(docs + file))).toEqual([]);
  });
});

describe('its configuration', () => {
  test('founds one cluster, the same on every host', () => {
    const [first, ...others] = nodes.slice(0, 3);
    expect(nodes.map((node) => node.nodeId)).toEqual([1, 2, 3, 4]);
    for (const other of others) {
      const { nodeId: _, tls: _tls, ...shared } = other;
      expect(first).toMatchObject(shared);
    }
    for (const node of nodes) {
      expect(node.tls?.raft?.cert).toBe(`/etc/prkdb/tls/n${node.nodeId}.crt`);
      expect(node.tls?.client).toMatchObject({ cert: node.tls?.raft?.cert, clientCa: node.tls?.raft?.ca });
    }
    expect(nodes[3]).toMatchObject({ replaces: 3, clusterId: first!.clusterId, access: first!.access });
  });

  test('is what the certificates are made for', () => {
    const made = guideLines().filter((line) => line.startsWith('prkdb certs'));
    const ids = made.flatMap((line) =>
      [...line.matchAll(/--node (\d)=(\S+)/g)].map(([, id, host]) => [Number(id), host]),
    );
    expect(ids).toEqual(nodes.map((node) => [node.nodeId, node.members.find(({ id }) => id === node.nodeId)!.host]));
    for (const line of made) expect(line).toContain(`--cluster-id ${nodes[0]!.clusterId} `);
  });
});

describe('its units', () => {
  test.each(units)('%s has settings of systemd alone', (unit) => {
    const known: Readonly<Record<string, RegExp>> = {
      Unit: /^(Description|Wants|After|StartLimitIntervalSec)$/,
      Service:
        /^(Type|User|Group|Environment|ExecStart|KillSignal|TimeoutStopSec|Restart|RestartSec|StateDirectory(Mode)?|LimitNOFILE|NoNewPrivileges|ProtectSystem|ProtectHome|PrivateTmp|ReadWritePaths)$/,
      Timer: /^(OnCalendar|RandomizedDelaySec|Persistent)$/,
      Install: /^WantedBy$/,
    };
    const settings = settingsOf(unit);
    expect(settings.length).toBeGreaterThan(3);
    expect(settings.filter(([section, key]) => known[section]?.test(key) !== true)).toEqual([]);
  });

  test('run commands that exist, on paths that the configuration names', async () => {
    for (const unit of units.filter((name) => name.endsWith('.service'))) {
      const settings = new Map(settingsOf(unit).map(([, key, value]) => [key, value]));
      const [name = '', value = ''] = /^(\w+)=(.*)$/.exec(settings.get('Environment') ?? '')?.slice(1) ?? [];
      const [program, ...args] = words(settings.get('ExecStart')!, new Map([[name, value]]));
      expect(program).toBe('/usr/local/bin/prkdb');
      expect(await parse(args)).toMatch(/^(run|backup)$/);
    }
    const { dataDir } = nodes[0]!;
    expect(dataDir.startsWith('/var/lib/prkdb/')).toBe(true);
    expect(settingsOf('prkdb.service')).toContainEqual(['Service', 'StateDirectory', 'prkdb']);
    expect(guideText()).toContain(dataDir);
  });
});

describe('its monitoring', () => {
  test('scrapes the metrics ports of the members', () => {
    const { members } = nodes[0]!;
    expect(parsePlainYaml(guideFile('prometheus.yml'))).toMatchObject({
      rule_files: ['prkdb-rules.yml'],
      scrape_configs: [
        {
          job_name: 'prkdb',
          metrics_path: '/metrics',
          static_configs: [
            {
              targets: members.map(({ host, metricsPort }) => `${host}:${metricsPort}`),
              labels: { cluster: 'orders' },
            },
          ],
        },
      ],
    });
  });

  test('asks whole expressions, of one cluster where a dashboard asks', () => {
    const expressions = guideExpressions();
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) {
      const opened = expression.match(/[({[]/g)?.length ?? 0;
      const closed = expression.match(/[)}\]]/g)?.length ?? 0;
      expect([expression, opened]).toEqual([expression, closed]);
    }
    const dashboard = JSON.parse(guideFile('grafana-dashboard.json')) as {
      panels: { id: number; targets: { expr: string }[] }[];
    };
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const anyCluster = dashboard.panels
      .flatMap(({ targets }) => targets)
      .filter(({ expr }) => !expr.includes('cluster="$cluster"'));
    expect(anyCluster).toEqual([]);
  });

  test('names metrics; whether a node has them, a running one is asked (test/integration/node.test.ts)', () => {
    const text = '# TYPE prkdb_up gauge\n# TYPE prkdb_operation_duration_seconds histogram\n';
    const missing = metricsMissingIn(text);
    expect(missing).toEqual(expect.arrayContaining(['prkdb_raft_leader', 'process_open_fds']));
    expect(missing).not.toEqual(expect.arrayContaining(['prkdb_up']));
    expect(missing).not.toEqual(expect.arrayContaining(['prkdb_operation_duration_seconds_bucket']));
  });

  test('YAML that is not plain is refused, not misread', () => {
    for (const text of ['a: [1]', 'a: b: c', 'a:\n', '- a\nb: c', 'a: 1\na: 2', 'a:\n  b: 1\n c: 2']) {
      expect(() => parsePlainYaml(text)).toThrow(/is not plain YAML/);
    }
  });
});
