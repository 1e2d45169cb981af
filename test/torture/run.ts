import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkHistory } from '../../engine/check/index.ts';
import { credentialsFor, plaintext } from '../../engine/client/credentials.ts';
import { PrkDbClient } from '../../engine/client/index.ts';
import { Random } from '../simulation/random.ts';
import { eventually, nodeCluster, type NodeProcess } from '../support/node-cluster.ts';
import { equalReplicas, inStep } from './convergence.ts';
import { FaultTable } from './fault-table.ts';
import { History } from './history.ts';
import { KeySet } from './keys.ts';
import { LocalReader } from './local-reader.ts';
import { MemberChanges } from './member-changes.ts';
import { Nemesis } from './nemesis.ts';
import { TortureNode } from './node.ts';
import type { TortureOptions } from './options.ts';
import { holdings, leaks, processesOf, type Holding } from './resources.ts';
import { staleProblems } from './stale-reads.ts';
import { moveLeaders } from './transfers.ts';
import { Worker } from './worker.ts';
import { World } from './world.ts';

const WORKERS = 10;
const PARTITIONS = 4;
/** Load without faults at the start, for what a node holds when nothing is wrong. */
const WARM_UP_MS = 4_000;
/** Until what was allocated for the load can have been given back. */
const COOL_DOWN_MS = 4_000;
const WATCH_MS = 200;
const FINAL_READ_TIMEOUT_MS = 20_000;

export interface TortureReport {
  readonly seed: number;
  readonly nodes: number;
  readonly members: boolean;
  readonly tls: boolean;
  readonly seconds: number;
  /** What went wrong, in words; empty when nothing did. */
  readonly violations: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  readonly operations: History['counts'];
  readonly keys: number;
  readonly longestOutageMs: number;
  readonly before: readonly Holding[];
  readonly after: readonly Holding[];
  /** Kept when something went wrong; else null. */
  readonly directory: string | null;
}

/**
 * Runs a cluster of real node processes under load and faults for the given time, lets it
 * heal, and checks all it was told. Rejects only when the cluster cannot even be set up.
 */
export async function runTorture(
  options: TortureOptions,
  onIncident: (text: string) => void = () => undefined,
): Promise<TortureReport> {
  const { seed } = options;
  const startedAt = performance.now();
  const cluster = await nodeCluster(options.nodes, {
    partitions: PARTITIONS,
    replicationFactor: options.nodes,
    // So little that whoever is away for some seconds needs a snapshot.
    compaction: { maxEntries: 300, maxBytes: 1024 * 1024, keepEntries: 50, keepBytes: 0 },
    faultsEnabled: true,
    tls: options.tls,
    lastingPorts: true,
  });
  const tls = await cluster.authority?.client();
  const credentials = tls === undefined ? plaintext : credentialsFor(cluster.endpoints, { tls });
  const underTorture = (node: NodeProcess): TortureNode =>
    new TortureNode(node, path.join(cluster.directory, `n${node.config.nodeId}.log`), credentials);
  const nodes = cluster.nodes.map(underTorture);
  const incidentFile = path.join(cluster.directory, 'torture.log');
  const world = new World(nodes, new FaultTable(nodes), new Random(seed, 1), ({ atMs, text }) => {
    const line = `${((atMs - startedAt) / 1000).toFixed(3)} s  ${text}`;
    appendFileSync(incidentFile, `${line}\n`);
    onIncident(line);
  });
  const { authority } = cluster;
  if (authority !== null) {
    world.renew = async ({ process: { config } }) => void (await authority.nodeTls(config.clusterId, config.nodeId));
  }
  const makeNode = async (id: number, replaces: number): Promise<TortureNode> => {
    const scheme = authority === null ? 'http' : 'https';
    // Also who is down right now, and may be all: it asks them in turn until one answers.
    const join = world.nodes.map((node) => `${scheme}://${node.process.address}`);
    return underTorture(await cluster.joiner(id, { join, ...(replaces === 0 ? {} : { replaces }) }));
  };
  const history = new History();
  const keys = new KeySet(new Random(seed, 2));
  const workers: Worker[] = [];
  let before: Holding[] = [];
  let after: Holding[] = [];
  // However this process ends, its nodes end with it.
  const killNow = (): void => nodes.forEach((node) => node.process.signal('SIGKILL'));
  process.on('exit', killNow);
  const watch = setInterval(() => watchProcesses(world), WATCH_MS);
  /** Each step has its turn, but one whose failure makes the next meaningless ends the row. */
  try {
    await Promise.all(nodes.map((node) => node.start()));
    for (let id = 1; id <= WORKERS; id++) {
      const seeds = cluster.endpoints.map((_, i) => cluster.endpoints[(i + id) % cluster.endpoints.length]!);
      workers.push(
        new Worker(id, await PrkDbClient.connect(seeds, { tls }), new Random(seed, 100 + id), keys, history),
      );
    }
    await inStep(world);
    world.tell(`${options.nodes} nodes serve; seed ${seed}`);
    const load = new AbortController();
    const running = workers.map((worker) => worker.run(load.signal));
    world.onJoined = (node) => {
      const random = new Random(seed, 200 + node.id);
      const reader = new LocalReader(WORKERS + node.id, node, random, keys, history);
      running.push(reader.run(AbortSignal.any([load.signal, node.retired])));
    };
    for (const node of nodes) world.onJoined(node);
    await sleep(WARM_UP_MS);
    before = await holdings(nodes);

    const faults = new AbortController();
    const timer = setTimeout(() => faults.abort(), options.durationMs);
    const troublemakers = [new Nemesis(world).run(faults.signal)];
    if (options.members) {
      troublemakers.push(new MemberChanges(world, new Random(seed, 3), makeNode).run(faults.signal));
      troublemakers.push(moveLeaders(world, new Random(seed, 4), faults.signal));
    }
    await Promise.all(troublemakers);
    clearTimeout(timer);
    world.faults.clear();
    world.tell('all faults have ended');
    await eventually('every node knows that', async () => nodes.every((node) => node.settled));
    // The load goes on over the healing, since that must not need quiet.
    await sleep(1_000);
    load.abort();
    await Promise.all(running);
    await inStep(world);
    world.tell('all replicas are in step');

    await finalReads(workers, keys);
    await inStep(world);
    const hashes = await equalReplicas(world);
    await sleep(COOL_DOWN_MS);
    after = await holdings(nodes);
    for (const leak of leaks(before, after)) world.violation(leak);

    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
    await inStep(world);
    const again = await equalReplicas(world);
    for (const [partition, { hash }] of hashes) {
      if (again.get(partition)?.hash !== hash) world.violation(`partition ${partition} is another one after a restart`);
    }
    world.tell('killed and started once more: the same data');
    await Promise.all(nodes.map((node) => node.stop()));
  } catch (error) {
    world.violation(error instanceof Error ? error.message : String(error));
  } finally {
    clearInterval(watch);
    for (const worker of workers) worker.close();
    for (const node of nodes) node.close();
    await Promise.all(nodes.map((node) => node.kill()));
    process.off('exit', killNow);
  }
  checkAll(world, history);
  const left = processesOf(cluster.directory);
  if (left.length > 0) world.violation(`processes are left: ${left.join(', ')}`);

  const failed = world.violations.length > 0;
  if (failed) keepHistory(cluster.directory, history);
  else await cluster.dispose();
  return {
    seed,
    nodes: options.nodes,
    members: options.members,
    tls: options.tls,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    violations: world.violations,
    faults: Object.fromEntries([...world.counts].sort(([a], [b]) => a.localeCompare(b))),
    operations: history.counts,
    keys: keys.used().length,
    longestOutageMs: Math.round(history.longestOutageMs),
    before,
    after,
    directory: failed ? cluster.directory : null,
  };
}

/** A node that ends by itself has crashed, whatever the reason. */
function watchProcesses(world: World): void {
  for (const node of world.nodes) {
    // One that was removed ends by itself, and whoever removed it looks at how.
    if (node.down || node.leaving || node.process.running) continue;
    node.down = true;
    world.violation(`node ${node.id} ended by itself: ${node.process.errors.trim().slice(0, 2000)}`);
  }
}

/** What was acknowledged must be there: every key is read by one client from the leader, by another from a follower. */
async function finalReads(workers: readonly Worker[], keys: KeySet): Promise<void> {
  const used = keys.used();
  await Promise.all(
    workers.map(async (worker, w) => {
      for (let i = w; i < used.length; i += workers.length) {
        await worker.read(used[i]!, 'get', FINAL_READ_TIMEOUT_MS);
        await workers[(w + 1) % workers.length]!.read(used[i]!, 'followerGet', FINAL_READ_TIMEOUT_MS);
      }
    }),
  );
}

function checkAll(world: World, history: History): void {
  for (const [text, count] of history.surprises) world.violation(`clients were told ${count} times: ${text}`);
  const problems = staleProblems(history.staleReads, history.operations);
  for (const problem of problems.slice(0, 5)) world.violation(problem);
  try {
    const result = checkHistory(history.operations);
    if (!result.linearizable) world.violation(`the history is not linearizable: ${result.explanation}`);
  } catch (error) {
    world.violation(`the history cannot be checked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function keepHistory(directory: string, history: History): void {
  const lines = [...history.operations, ...history.staleReads.map((read) => ({ kind: 'staleGet', ...read }))];
  writeFileSync(path.join(directory, 'history.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
