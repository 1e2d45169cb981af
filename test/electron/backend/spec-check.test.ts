import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSpec } from '../../../electron/backend/check/spec-check.ts';
import { upCommand } from '../../../electron/backend/check/up-command.ts';
import type { ClusterSpecInput } from '../../../electron/contract/model.ts';

const SPEC: ClusterSpecInput = {
  name: 'fresh',
  nodes: 3,
  partitions: 8,
  replicationFactor: 3,
  basePort: null,
  dataDir: null,
};

describe('checking a specification', () => {
  let home: string;
  const check = (change: Partial<ClusterSpecInput> = {}, names: string[] = [], taken = new Map<number, string>()) =>
    checkSpec({ ...SPEC, ...change }, { home, clusterNames: names, takenPorts: taken });
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'prkdb-check-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('previews what would start', async () => {
    const result = await check();
    expect(result.problems).toEqual([]);
    expect(result.clientPorts).toEqual([1, 2, 3].map((i) => result.basePort + i));
    expect(result.raftPorts).toEqual([1, 2, 3].map((i) => result.basePort + 100 + i));
    expect(result.placement[4]).toEqual([2, 3, 1]);
    expect(result.toleratedFailures).toBe(1);
    expect(result.dataDir).toBe(path.join(home, 'clusters', 'fresh'));
    expect(result.freeBytes).toBeGreaterThan(0);
    expect(result.memoryEstimateBytes).toBeGreaterThan(3 * 50_000_000);
  });

  it('finds a name in use and more copies than nodes', async () => {
    const result = await check({ nodes: 2 }, ['fresh']);
    expect(result.problems.map((problem) => problem.field)).toEqual(['name', 'replicationFactor']);
  });

  it('finds a port that a program or another cluster has', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // The client port of n1; near the end of the range the block of 300 would not fit.
    const used = await check({ basePort: port - 1 });
    await new Promise((resolve) => server.close(resolve));
    expect(used.problems[0]).toMatchObject({ field: 'basePort' });
    expect(used.problems[0]!.message).toContain(String(port));
    const taken = await check({ basePort: 20_000 }, [], new Map([[20_101, 'other']]));
    expect(taken.problems).toEqual([
      { field: 'basePort', message: 'Port 20101 belongs to the cluster other. Choose another base port.' },
    ]);
  });

  it('finds a data directory that is not empty, or is no directory', async () => {
    const full = path.join(home, 'full');
    await mkdir(full);
    await writeFile(path.join(full, 'file'), '');
    expect((await check({ dataDir: full })).problems[0]).toMatchObject({ field: 'dataDir' });
    const below = path.join(full, 'file', 'deeper');
    expect((await check({ dataDir: below })).problems[0]!.message).toContain('is not a directory');
  });
});

describe('the equivalent command', () => {
  it('leaves defaults out and quotes what a shell would take apart', () => {
    expect(upCommand(SPEC)).toBe('prkdb up fresh');
    expect(upCommand({ ...SPEC, nodes: 5, partitions: 16, basePort: 9000, dataDir: "/data/it's here" })).toBe(
      String.raw`prkdb up fresh --nodes 5 --partitions 16 --base-port 9000 --data-dir '/data/it'\''s here'`,
    );
  });
});
