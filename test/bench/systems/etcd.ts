import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { serviceClient } from '../../../engine/rpc/protos.ts';
import { eventually, freePorts } from '../../support/node-cluster.ts';
import { MemberProcess, type System } from './system.ts';

interface Status {
  header: { memberId: string };
  leader: string;
}

function status(address: string): Promise<Status> {
  const Service = serviceClient('etcd', 'etcdserverpb.Maintenance');
  const client = new Service(address, grpc.credentials.createInsecure());
  return new Promise<Status>((resolve, reject) => {
    const call = client['Status'] as (
      request: object,
      options: grpc.CallOptions,
      callback: (error: Error | null, response: Status) => void,
    ) => void;
    call.call(client, {}, { deadline: Date.now() + 2000 }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  }).finally(() => client.close());
}

/** Null where etcd is not installed. */
export function etcdVersion(): string | null {
  try {
    return /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  } catch {
    return null;
  }
}

/** Starts etcd members with Debian's defaults: only names, addresses and directories are set. */
export async function startEtcd(settings: { readonly nodes: number }): Promise<System> {
  const version = etcdVersion();
  if (version === null) throw new Error('etcd is not installed: apt-get install etcd-server');
  const directory = mkdtempSync(path.join(os.tmpdir(), 'etcd-bench-'));
  const ports = await freePorts(settings.nodes * 2);
  const members = Array.from({ length: settings.nodes }, (_, i) => ({
    name: `m${i + 1}`,
    client: `http://127.0.0.1:${ports[i * 2]}`,
    peer: `http://127.0.0.1:${ports[i * 2 + 1]}`,
  }));
  const processes = members.map(
    ({ name, client, peer }) =>
      new MemberProcess(
        'etcd',
        [
          ['--name', name],
          ['--data-dir', path.join(directory, name)],
          ['--listen-client-urls', client],
          ['--advertise-client-urls', client],
          ['--listen-peer-urls', peer],
          ['--initial-advertise-peer-urls', peer],
          ['--initial-cluster', members.map((m) => `${m.name}=${m.peer}`).join(',')],
          ['--initial-cluster-state', 'new'],
          ['--log-level', 'error'],
        ].flat(),
      ),
  );
  for (const member of processes) member.start();
  const endpoints = members.map((m) => m.client.slice('http://'.length));
  const leader = async (): Promise<number> => {
    const answers = await Promise.all(
      endpoints.map(async (e, i) => (processes[i]!.alive ? status(e).catch(() => null) : null)),
    );
    return answers.findIndex((a) => a !== null && a.leader !== '0' && a.leader === a.header.memberId);
  };
  await eventually('etcd has a leader', async () => (await leader()) >= 0);
  return {
    name: 'etcd',
    version,
    settings: { ...settings, durability: 'default (fsync of its WAL before it acknowledges)' },
    endpoints,
    metricsUrls: members.map((m) => `${m.client}/metrics`),
    processes,
    leader,
    async stop() {
      await Promise.all(processes.map((p) => p.end('SIGTERM')));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
