import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../config/node-config.ts';
import { SupervisorError } from './errors.ts';

const FIRST_BASE = 7100;
const LAST_BASE = 65_000;
const BLOCK = 300;
const LOOPBACK = '127.0.0.1';

/** Node i of a cluster gets base+i for clients, base+100+i for Raft and base+200+i for metrics. */
export function membersOf(basePort: number, nodes: number): Member[] {
  return Array.from({ length: nodes }, (_, index) => memberOnPorts(basePort, index + 1));
}

export function memberOnPorts(basePort: number, id: number): Member {
  return {
    id,
    host: LOOPBACK,
    clientPort: basePort + id,
    raftPort: basePort + 100 + id,
    metricsPort: basePort + 200 + id,
  };
}

export function portsOf(members: readonly Member[]): number[] {
  return members.flatMap((m) => [m.clientPort, m.raftPort, m.metricsPort]);
}

/** Whether a server could listen there now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first block from 7100 on that nothing uses and no other cluster (`taken`: port to its name) has been given. */
export async function findBasePort(nodes: number, taken: ReadonlyMap<number, string>): Promise<number> {
  for (let base = FIRST_BASE; base <= LAST_BASE; base += BLOCK) {
    const ports = portsOf(membersOf(base, nodes));
    if (ports.some((port) => taken.has(port))) continue;
    const free = await Promise.all(ports.map(isPortFree));
    if (free.every(Boolean)) return base;
  }
  throw new SupervisorError(
    'portInUse',
    'No free block of ports was found.',
    'Name one with a base port of your own.',
    {
      field: 'basePort',
    },
  );
}

/** Rejects with portInUse for the first port that another cluster (`taken`: port to its name) was given. */
export function refuseTakenPorts(members: readonly Member[], taken: ReadonlyMap<number, string>): void {
  for (const member of members) {
    for (const port of portsOf([member])) {
      const owner = taken.get(port);
      if (owner === undefined) continue;
      throw new SupervisorError(
        'portInUse',
        `Port ${port}, which node n${member.id} needs, belongs to the cluster ${owner}.`,
        `Two clusters with the same ports cannot both be here. Delete ${owner}, or leave this one where it is.`,
        { field: 'basePort' },
      );
    }
  }
}

/** The last threads of a process that was killed may hold its ports a moment longer than it lives. */
const RELEASE_WAIT_MS = 2000;
const RELEASE_POLL_MS = 50;

/** Whether the port is free, now or very soon. */
async function becomesFree(port: number): Promise<boolean> {
  const endMs = Date.now() + RELEASE_WAIT_MS;
  for (;;) {
    if (await isPortFree(port)) return true;
    if (Date.now() > endMs) return false;
    await sleep(RELEASE_POLL_MS);
  }
}

/** Rejects with portInUse for the first port that is taken and stays so. */
export async function checkPorts(members: readonly Member[], taken: ReadonlyMap<number, string>): Promise<void> {
  for (const member of members) {
    for (const port of portsOf([member])) {
      const owner = taken.get(port);
      if (owner === undefined && (await becomesFree(port))) continue;
      throw new SupervisorError(
        'portInUse',
        owner === undefined
          ? `Port ${port}, which node n${member.id} needs, is in use.`
          : `Port ${port}, which node n${member.id} needs, belongs to the cluster ${owner}.`,
        owner === undefined
          ? 'End what uses it, or create the cluster with another base port.'
          : 'Choose another base port, or none to have one found.',
        { field: 'basePort' },
      );
    }
  }
}
