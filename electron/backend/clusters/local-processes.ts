import { open } from 'node:fs/promises';
import { ClusterClient } from '../../../engine/client/index.ts';
import { connectionOf, endpointOf } from '../../../engine/supervisor/index.ts';
import type { Supervisor } from '../../../engine/supervisor/types.ts';
import { BackendError } from '../errors.ts';
import type { ProcessControls } from './driver.ts';
import { leaderControls } from './leader-controls.ts';
import { localMembers } from './local-members.ts';

/** Enough for 2,000 lines of a log; a longer line loses its beginning. */
const MAX_TAIL_BYTES = 1024 * 1024;

/** The supervisor's verbs for one cluster. After each, the driver knows of it before the caller does. */
export function localProcesses(options: {
  readonly name: string;
  /** Kept up to date by its owner. */
  readonly nodes: readonly number[];
  readonly supervisor: Supervisor;
  readonly refresh: () => Promise<void>;
  /** 0 when there is none. */
  readonly leaderOf: (partition: number) => number;
  readonly isClosed: () => boolean;
  /** For what fails after it was answered. */
  readonly onError: (error: unknown) => void;
  /** Called before the whole cluster is stopped. */
  readonly beforeStop: () => Promise<void>;
}): ProcessControls {
  const { name, supervisor } = options;
  const withNode =
    (verb: 'startNode' | 'killNode' | 'pauseNode' | 'resumeNode' | 'restartNode') =>
    async (node: number): Promise<void> => {
      requireNode(node);
      await supervisor[verb](name, node);
      await options.refresh();
    };
  const requireNode = (node: number): void => {
    if (!options.nodes.includes(node)) throw new BackendError('notFound', `${name} has no node n${node}.`);
  };

  const withClient = async <T>(node: number, work: (client: ClusterClient) => Promise<T>): Promise<T> => {
    const { record } = await supervisor.get(name);
    const member = record.members.find((candidate) => candidate.id === node)!;
    const client = new ClusterClient(endpointOf(record, member), connectionOf(record));
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };

  /** Any node that runs, but rather not this one. */
  const withAny = async <T>(but: number, work: (client: ClusterClient) => Promise<T>): Promise<T> => {
    const { nodes } = await supervisor.get(name);
    const running = nodes.filter((node) => node.state === 'running').map((node) => node.nodeId);
    const node = running.find((id) => id !== but) ?? running[0];
    if (node === undefined) {
      throw new BackendError('disconnected', `No node of ${name} is running.`, 'Start the cluster.');
    }
    return withClient(node, work);
  };

  return {
    ...localMembers({ ...options, requireNode, withAny }),
    ...leaderControls({
      name,
      hasNode: (node) => options.nodes.includes(node),
      leaderOf: options.leaderOf,
      atNode: withClient,
    }),
    async start() {
      await supervisor.start(name, { detach: false });
      await options.refresh();
    },
    async stop() {
      await options.beforeStop();
      await supervisor.stop(name);
      await options.refresh();
    },
    startNode: withNode('startNode'),
    killNode: withNode('killNode'),
    pauseNode: withNode('pauseNode'),
    resumeNode: withNode('resumeNode'),
    restartNode: withNode('restartNode'),
    async logLines(node, lines) {
      requireNode(node);
      return tail(await supervisor.logFile(name, node), lines);
    },
  };
}

/** The last lines of a file; none when it does not exist yet. */
async function tail(file: string, lines: number): Promise<string[]> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, MAX_TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const all = buffer.toString('utf8', 0, bytesRead).split('\n');
    if (length < size) all.shift();
    if (all.at(-1) === '') all.pop();
    return all.slice(-lines);
  } finally {
    await handle.close();
  }
}
