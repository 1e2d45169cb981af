import fc from 'fast-check';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NodeConfig } from '../../engine/config/node-config.ts';
import { NodeStartError } from '../../engine/node/errors.ts';
import { claimDataDirectory } from '../../engine/node/genesis.ts';
import { loadNodeConfig } from '../../engine/node/load-config.ts';
import { SupervisorError } from '../../engine/supervisor/errors.ts';
import { claimDataDir, checkDataDir, deleteDataDir } from '../../engine/supervisor/data-dir.ts';
import { HomePaths } from '../../engine/supervisor/home.ts';
import { Records } from '../../engine/supervisor/records.ts';
import type { ClusterRecord } from '../../engine/supervisor/types.ts';
import { tempDir } from '../support/temp.ts';
import { mutatedJson } from './bytes.ts';
import { refusalOf, rejectionOf } from './typed-errors.ts';

const home = tempDir();
afterAll(() => home.remove());
const RUNS = { numRuns: 400 };

const member = { id: 1, host: '127.0.0.1', clientPort: 7101, raftPort: 7201, metricsPort: 7301 };
const timing = { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 };

describe('a configuration file of a node', () => {
  const file = path.join(home.path, 'node.json');
  const config: NodeConfig = {
    formatVersion: 1,
    clusterId: 'c',
    clusterName: 'fuzzed',
    nodeId: 1,
    dataDir: path.join(home.path, 'node-data'),
    bindHost: '127.0.0.1',
    members: [member, { ...member, id: 2 }],
    partitions: 3,
    replicationFactor: 2,
    timing,
    compaction: { maxEntries: 50_000, maxBytes: 67_108_864, keepEntries: 10_000, keepBytes: 16_777_216 },
    faultsEnabled: false,
    logLevel: 'info',
  };

  it('that is damaged is read as a configuration that holds together, or refused by name', () => {
    let refused = 0;
    fc.assert(
      fc.property(mutatedJson(config), (text) => {
        writeFileSync(file, text, 'latin1');
        let read = config;
        const refusal = refusalOf(NodeStartError, () => (read = loadNodeConfig(file)));
        expect(read.members.map((m) => m.id)).toContain(read.nodeId);
        expect(read.replicationFactor).toBeLessThanOrEqual(read.members.length);
        expect(refusal?.message ?? file).toContain(file);
        if (refusal !== null) refused++;
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it('and the genesis of its directory, when damaged, is taken for what it says or refused, and never rewritten', () => {
    claimDataDirectory(config);
    const genesis = path.join(config.dataDir, 'genesis.json');
    const good = JSON.parse(readFileSync(genesis, 'utf8')) as object;
    let refused = 0;
    fc.assert(
      fc.property(mutatedJson(good), (text) => {
        writeFileSync(genesis, text, 'latin1');
        const refusal = refusalOf(NodeStartError, () => claimDataDirectory(config));
        // Accepted only when it says of this node what the configuration says.
        const accepted = (refusal === null ? JSON.parse(text) : good) as object;
        expect(accepted).toMatchObject({ clusterId: 'c', nodeId: 1, partitions: 3 });
        expect(refusal?.message ?? config.dataDir).toContain(config.dataDir);
        if (refusal !== null) refused++;
        expect(readFileSync(genesis, 'latin1')).toBe(text);
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(RUNS.numRuns / 4);
  });
});

describe('the files of the supervisor', () => {
  const paths = new HomePaths(path.join(home.path, 'home'));
  const records = new Records(paths);
  const dataDir = path.join(home.path, 'cluster-data');
  const record: ClusterRecord = {
    formatVersion: 1,
    clusterId: 'id',
    name: 'fuzzed',
    createdAtMs: 1,
    partitions: 3,
    replicationFactor: 1,
    dataDir,
    members: [member],
    timing,
  };
  const run = {
    nodeId: 1,
    pid: 1,
    token: 't',
    leash: null,
    startedAtMs: 1,
    pausedAtMs: null,
    logOffset: 0,
    actions: [{ sequence: 1, kind: 'started', by: 'command', atMs: 1, detail: '' }],
    exit: null,
  };

  async function mustBeCorrupt(read: Promise<unknown>, file: string): Promise<boolean> {
    const refusal = await rejectionOf(SupervisorError, read);
    expect(refusal?.message ?? file).toContain(file);
    expect(refusal?.hint).not.toBe('');
    return refusal !== null;
  }

  it('that are damaged are refused by name, or count as absent where they say nothing of data', async () => {
    mkdirSync(paths.runDir('fuzzed'), { recursive: true });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        mutatedJson(record),
        mutatedJson(run),
        mutatedJson({ pid: 1, leash: null, sinceMs: 1 }),
        async (recordText, runText, ownerText) => {
          writeFileSync(paths.record('fuzzed'), recordText, 'latin1');
          writeFileSync(paths.run('fuzzed', 1), runText, 'latin1');
          writeFileSync(paths.owner('fuzzed'), ownerText, 'latin1');
          if (await mustBeCorrupt(records.record('fuzzed'), paths.record('fuzzed'))) refused++;
          const foundRun = await records.run('fuzzed', 1);
          expect(Number.isInteger(foundRun?.pid ?? 1)).toBe(true);
          const owner = await records.owner('fuzzed');
          expect(Number.isInteger(owner?.pid ?? 1)).toBe(true);
          // One damaged cluster must not keep others from being listed or given ports.
          expect(await records.names()).toEqual(['fuzzed']);
          await records.takenPorts(null);
        },
      ),
      RUNS,
    );
    expect(refused).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it('never let a directory be deleted that is not marked as this cluster', async () => {
    await claimDataDir(record);
    const marker = path.join(dataDir, 'prkdb-cluster.json');
    const good = readFileSync(marker, 'utf8');
    const precious = path.join(dataDir, 'n1', 'precious');
    mkdirSync(path.join(dataDir, 'n1'), { recursive: true });
    await fc.assert(
      fc.asyncProperty(mutatedJson(JSON.parse(good)), async (text) => {
        writeFileSync(marker, text, 'latin1');
        mkdirSync(path.join(dataDir, 'n1'), { recursive: true });
        writeFileSync(precious, 'data');
        const refused = await mustBeCorrupt(checkDataDir(record), dataDir);
        await deleteDataDir(record);
        expect(existsSync(precious) || !refused).toBe(true);
        mkdirSync(dataDir, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });
});
