import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { LET_GO } from '../config/leash.ts';
import { SupervisorError } from './errors.ts';

/** Systems cut socket paths off at 104 (macOS) or 108 bytes. */
const MAX_SOCKET_PATH_BYTES = 100;
const PROBE_TIMEOUT_MS = 1000;

/** What nodes hold on to: when it closes, however this process ends, they stop. */
export interface Leash {
  readonly path: string;
  /** How many hold on to it now. */
  holders(): number;
  /** Tells all that hold on to it to go on without; also those that are frozen learn of it when they go on. */
  letGo(): Promise<void>;
  close(): Promise<void>;
}

/** Listens on a socket that only this user can reach. */
export async function openLeash(): Promise<Leash> {
  const dir = process.platform === 'win32' ? null : await mkdtemp(path.join(shortTemp(), 'prkdb-'));
  const socketPath = dir === null ? `\\\\.\\pipe\\prkdb-${randomBytes(12).toString('hex')}` : path.join(dir, 'leash');
  const holders = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    holders.add(socket);
    socket.on('close', () => holders.delete(socket));
    socket.on('error', () => undefined);
    // Nodes say nothing; reading only lets their end be noticed.
    socket.resume();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    path: socketPath,
    holders: () => holders.size,
    letGo: async () => {
      await Promise.all(
        [...holders].map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket.once('close', () => resolve());
              // What was written arrives before the end of the connection does, also at one that is frozen
              // and cannot answer it.
              socket.end(LET_GO, () => socket.destroy());
            }),
        ),
      );
      holders.clear();
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of holders) socket.destroy();
      await closed;
      if (dir !== null) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Whether the process that holds this leash still lives. */
export function leashHolds(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    const settle = (holds: boolean) => {
      socket.destroy();
      resolve(holds);
    };
    // A holder that is too busy to accept is still there.
    socket.setTimeout(PROBE_TIMEOUT_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'EAGAIN'));
  });
}

function shortTemp(): string {
  const longest = (dir: string) => Buffer.byteLength(path.join(dir, 'prkdb-XXXXXX', 'leash'));
  const dir = [os.tmpdir(), '/tmp'].find((candidate) => longest(candidate) <= MAX_SOCKET_PATH_BYTES);
  if (dir !== undefined) return dir;
  throw new SupervisorError(
    'launchFailed',
    `The temporary directory ${os.tmpdir()} has too long a path for a socket.`,
    'Set TMPDIR to a short path, such as /tmp.',
  );
}
