import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compactionSchema, type Member, type NodeConfig } from '../../engine/config/node-config.ts';
import { TestAuthority } from './certificates.ts';
import { freeBasePort } from './temp.ts';

const entry = fileURLToPath(new URL('../../engine/node.ts', import.meta.url));

/** Ports that were free a moment ago, from the system's own range. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return ports;
}

/** One node process of a test, without a supervisor. */
export class NodeProcess {
  readonly config: NodeConfig;
  readonly configFile: string;
  readonly token: string;
  #child: ChildProcess | null = null;
  /** Nobody starts it again. */
  isGone = false;
  output = '';
  errors = '';
  /** Hears all that the node prints, over all its lives. */
  onOutput: ((text: string) => void) | null = null;

  constructor(config: NodeConfig, configFile: string) {
    this.config = config;
    this.configFile = configFile;
    this.token = `test-${config.clusterId}-${config.nodeId}`;
  }

  get member(): Member {
    return this.config.members.find((m) => m.id === this.config.nodeId)!;
  }

  get address(): string {
    return `127.0.0.1:${this.member.clientPort}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the node serves; rejects with what it said when it does not. */
  start(): Promise<void> {
    this.output = '';
    this.errors = '';
    const child = spawn(process.execPath, [entry, '--config', this.configFile, '--token', this.token], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        this.onOutput?.(chunk.toString());
        if (this.output.includes('"ready":true')) resolve();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        this.errors += chunk.toString();
        this.onOutput?.(chunk.toString());
      });
      child.once('close', (code) => reject(new Error(`exit code ${code}: ${this.errors.trim()}`)));
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child!.kill(signal);
  }

  /** SIGKILL, also when stopped; resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || !this.running) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  /** In order; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null || !this.running) return child?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    child.kill('SIGTERM');
    return gone;
  }
}

export interface NodeCluster {
  readonly nodes: readonly NodeProcess[];
  readonly endpoints: string[];
  readonly directory: string;
  /** Of a cluster with TLS. */
  readonly authority: TestAuthority | null;
  /** A process for a node that is to join, which is not started. On ports that are not taken while it is down. */
  joiner(id: number, change?: Partial<NodeConfig>): Promise<NodeProcess>;
  /** Kills what still runs, joiners too, and removes the data. */
  dispose(): Promise<void>;
}

/** Nodes whose ports fit into one block. */
const PLACES = 99;

/** The ports of the nodes of one cluster, outside of the range that systems give to outgoing connections. */
class PortBlock {
  readonly #base: number;
  readonly #places: (NodeProcess | null)[] = [];

  constructor(base: number) {
    this.#base = base;
  }

  static async find(nodes: number): Promise<PortBlock> {
    return new PortBlock(await freeBasePort(nodes));
  }

  /** Three for each node, in the order of `freePorts`. */
  ports(count: number): number[] {
    return Array.from({ length: count }, (_, place) => this.#portsOf(place)).flat();
  }

  /** Ports that none of the nodes has that were given some and run. */
  next(): { readonly ports: readonly number[]; readonly taken: (node: NodeProcess) => void } {
    let place = this.#places.findIndex((node) => node?.isGone === true);
    if (place === -1) place = this.#places.length;
    if (place >= PLACES) throw new Error('There are no more ports for nodes of this cluster.');
    this.#places[place] = null;
    return { ports: this.#portsOf(place), taken: (node) => (this.#places[place] = node) };
  }

  #portsOf(place: number): number[] {
    return [this.#base + place + 1, this.#base + 101 + place, this.#base + 201 + place];
  }
}

/** Writes configurations for a cluster of real node processes on free loopback ports; starts nothing. */
export async function nodeCluster(
  count: number,
  options: Partial<
    Pick<NodeConfig, 'partitions' | 'replicationFactor' | 'faultsEnabled' | 'timing' | 'compaction' | 'limits'>
  > & {
    readonly tls?: boolean;
    /** Ports that no outgoing connection takes while a node is down, for tests that keep nodes down for long. */
    readonly lastingPorts?: boolean;
  } = {},
): Promise<NodeCluster> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'prkdb-test-'));
  const ports = options.lastingPorts === true ? (await PortBlock.find(count)).ports(count) : await freePorts(count * 3);
  const members: Member[] = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    host: '127.0.0.1',
    clientPort: ports[i * 3]!,
    raftPort: ports[i * 3 + 1]!,
    metricsPort: ports[i * 3 + 2]!,
  }));
  const clusterId = path.basename(directory);
  const authority = options.tls === true ? await TestAuthority.create(directory) : null;
  const tls = authority === null ? [] : await Promise.all(members.map(({ id }) => authority.nodeTls(clusterId, id)));
  const nodes = members.map(({ id }, i) => {
    const config = {
      formatVersion: 1 as const,
      clusterId,
      clusterName: 'test',
      nodeId: id,
      dataDir: path.join(directory, `n${id}`),
      bindHost: '127.0.0.1',
      members,
      partitions: options.partitions ?? 4,
      replicationFactor: options.replicationFactor ?? Math.min(3, count),
      timing: options.timing ?? { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
      compaction: options.compaction ?? compactionSchema.parse({}),
      ...(tls[i] === undefined ? {} : { tls: tls[i] }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      faultsEnabled: options.faultsEnabled ?? false,
      logLevel: 'info' as const,
    };
    const file = path.join(directory, `n${id}.json`);
    writeFileSync(file, JSON.stringify(config));
    return new NodeProcess(config, file);
  });
  const endpoints = nodes.map((n) => `${authority === null ? 'http' : 'https'}://${n.address}`);
  const joined: NodeProcess[] = [];
  let block: PortBlock | null = null;
  return {
    nodes,
    endpoints,
    directory,
    authority,
    async joiner(id, change = {}) {
      block ??= await PortBlock.find(9);
      const { ports: free, taken } = block.next();
      const member: Member = {
        id,
        host: '127.0.0.1',
        clientPort: free[0]!,
        raftPort: free[1]!,
        metricsPort: free[2]!,
      };
      const config: NodeConfig = {
        ...nodes[0]!.config,
        nodeId: id,
        dataDir: path.join(directory, `n${id}`),
        members: [member],
        partitions: 0,
        replicationFactor: 0,
        join: endpoints,
        ...(authority === null ? {} : { tls: await authority.nodeTls(clusterId, id) }),
        ...change,
      };
      const file = path.join(directory, `n${id}.json`);
      writeFileSync(file, JSON.stringify(config));
      const node = new NodeProcess(config, file);
      taken(node);
      joined.push(node);
      return node;
    },
    async dispose() {
      await Promise.all([...nodes, ...joined].map((n) => n.kill()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Repeats until the condition holds; throws after a generous bound. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | false | null | undefined>,
  withinMs = 60_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result !== false && result !== null && result !== undefined) return result;
      last = result;
    } catch (error) {
      last = error;
    }
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
