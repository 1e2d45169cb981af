import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { TestAuthority } from './certificates.ts';
import { eventually } from './node-cluster.ts';
import { freeBasePort, tempDir } from './temp.ts';

/**
 * Whether the tests against etcd must be skipped for want of it. In CI that is a failure: a
 * suite that silently tests nothing is worse than none.
 */
export const noEtcd = spawnSync('etcd', ['--version']).error !== undefined;

if (noEtcd) {
  const message =
    'The tests of remote clusters need etcd and found none. Install it (Debian: apt-get install etcd-server).';
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`\n  SKIPPED: ${message}\n`);
}

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  readonly args: readonly string[];
}

/** A real etcd of a test: Debian's, on free ports of this machine. */
export class EtcdCluster {
  readonly authority: TestAuthority | null;
  readonly directory: string;
  readonly #members: readonly Member[];
  readonly #processes = new Map<string, ChildProcess>();
  readonly #remove: () => void;

  private constructor(members: readonly Member[], authority: TestAuthority | null, dir: ReturnType<typeof tempDir>) {
    this.#members = members;
    this.authority = authority;
    this.directory = dir.path;
    this.#remove = () => dir.remove();
  }

  /** Resolves when a leader serves. `tls`: servers with certificates for 127.0.0.1 of an authority made here. */
  static async start(
    options: { readonly members?: number; readonly tls?: boolean | 'expired' } = {},
  ): Promise<EtcdCluster> {
    const count = options.members ?? 3;
    const dir = tempDir();
    const { tls = false } = options;
    const authority = tls === false ? null : await TestAuthority.create(dir.path);
    // A member that is killed and started again must find its ports free.
    const base = await freeBasePort(count);
    const scheme = authority === null ? 'http' : 'https';
    const named = Array.from({ length: count }, (_, i) => ({
      name: `m${i + 1}`,
      client: `${scheme}://127.0.0.1:${base + 1 + i}`,
      peer: `http://127.0.0.1:${base + 101 + i}`,
    }));
    const pair = tls === 'expired' ? await authority?.expiredNode('etcd', 1) : await authority?.node('etcd', 1);
    const files = pair === undefined ? undefined : authority?.write('etcd', pair);
    const members = named.map((member) => ({
      ...member,
      args: [
        ['--name', member.name],
        ['--data-dir', path.join(dir.path, member.name)],
        ['--listen-client-urls', member.client],
        ['--advertise-client-urls', member.client],
        ['--listen-peer-urls', member.peer],
        ['--initial-advertise-peer-urls', member.peer],
        ['--initial-cluster', named.map((m) => `${m.name}=${m.peer}`).join(',')],
        ['--initial-cluster-token', `${base}`],
        ['--heartbeat-interval', '50', '--election-timeout', '400'],
        ['--log-level', 'error'],
        files === undefined ? [] : ['--cert-file', files.cert, '--key-file', files.key],
      ].flat(),
    }));
    for (const member of members) mkdirSync(path.join(dir.path, member.name), { mode: 0o700 });
    const cluster = new EtcdCluster(members, authority, dir);
    for (const { name } of members) cluster.startMember(name);
    try {
      // Behind an expired certificate nobody can ask.
      if (tls === 'expired') await eventually('etcd listens', () => cluster.#listens());
      else await eventually('etcd serves', () => cluster.#serves());
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get endpoints(): string[] {
    return this.#members.map(({ client }) => client);
  }

  endpointOf(name: string): string {
    return this.#member(name).client;
  }

  startMember(name: string): void {
    const child = spawn('etcd', this.#member(name).args, { stdio: 'ignore' });
    this.#processes.set(name, child);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const child = this.#processes.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    // A stopped process does not die of other signals.
    child.kill('SIGKILL');
    await gone;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#processes.get(name)?.kill(signal);
  }

  /** The users root (of everything) and reader (reads `app/` only), and sign-in required. */
  async enableAuth(rootPassword: string): Promise<void> {
    const user = { name: 'root', password: rootPassword };
    await this.#auth('UserAdd', user);
    await this.#auth('RoleAdd', { name: 'root' });
    await this.#auth('UserGrantRole', { user: 'root', role: 'root' });
    await this.#auth('UserAdd', { name: 'reader', password: rootPassword });
    await this.#auth('RoleAdd', { name: 'app-reader' });
    const perm = { permType: 0, key: Buffer.from('app/'), rangeEnd: Buffer.from('app0') };
    await this.#auth('RoleGrantPermission', { name: 'app-reader', perm });
    await this.#auth('UserGrantRole', { user: 'reader', role: 'app-reader' });
    await this.#auth('AuthEnable', {});
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ name }) => this.kill(name)));
    this.#remove();
  }

  #member(name: string): Member {
    const member = this.#members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`there is no member ${name}`);
    return member;
  }

  #listens(): Promise<boolean> {
    const { hostname, port } = new URL(this.endpoints[0]!);
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), hostname, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', reject);
    });
  }

  async #serves(): Promise<boolean> {
    await this.#call('KV', 'Put', { key: Buffer.from('ready'), value: Buffer.from('1') });
    await this.#call('KV', 'DeleteRange', { key: Buffer.from('ready') });
    return true;
  }

  #auth(method: string, request: object): Promise<unknown> {
    return this.#call('Auth', method, request);
  }

  #call(service: string, method: string, request: object): Promise<unknown> {
    const definition = definitions()[`etcdserverpb.${service}`] as protoLoader.ServiceDefinition;
    const { path: rpcPath, requestSerialize, responseDeserialize } = definition[method]!;
    const credentials =
      this.authority === null
        ? grpc.credentials.createInsecure()
        : grpc.credentials.createSsl(Buffer.from(this.authority.pair.cert));
    const options = { 'grpc.ssl_target_name_override': 'localhost' };
    const client = new grpc.Client(new URL(this.endpoints[0]!).host, credentials, options);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        rpcPath,
        requestSerialize,
        responseDeserialize,
        request,
        new grpc.Metadata(),
        { deadline: Date.now() + 3_000 },
        (error, response) => (error === null ? resolve(response) : reject(error)),
      );
    }).finally(() => client.close());
  }
}

/** What only tests ask of etcd: to make users. */
function definitions(): protoLoader.PackageDefinition {
  return protoLoader.loadSync(fileURLToPath(new URL('./etcd-setup.proto', import.meta.url)), { longs: String });
}
