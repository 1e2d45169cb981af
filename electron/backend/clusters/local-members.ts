import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterClient } from '../../../engine/client/index.ts';
import type { Supervisor } from '../../../engine/supervisor/types.ts';
import { BackendError } from '../errors.ts';
import type { ProcessControls } from './driver.ts';

/** A node with much to give away takes its time. */
const REMOVAL_MS = 60 * 60_000;
/** A node starts and asks to be let in within seconds. */
const JOIN_MS = 30_000;
const POLL_MS = 500;

export interface LocalMembersOptions {
  readonly name: string;
  readonly supervisor: Supervisor;
  readonly refresh: () => Promise<void>;
  readonly requireNode: (node: number) => void;
  /** Asks any node that runs, but rather not this one. */
  readonly withAny: <T>(but: number, work: (client: ClusterClient) => Promise<T>) => Promise<T>;
  /** Whoever asked is gone; the cluster goes on by itself. */
  readonly isClosed: () => boolean;
  /** For what fails after it was answered. */
  readonly onError: (error: unknown) => void;
}

/** How members of a local cluster come and go: the cluster decides, and processes and data follow. */
export function localMembers(
  options: LocalMembersOptions,
): Pick<ProcessControls, 'addNode' | 'removeNode' | 'wipeNode'> {
  const { name, supervisor, refresh, requireNode, withAny, isClosed } = options;

  /** The cluster moves what the node holds by itself; its process and its record go when that is done. */
  const finishRemoval = async (node: number, deleteData: boolean): Promise<void> => {
    for (const endMs = Date.now() + REMOVAL_MS; Date.now() < endMs && !isClosed(); await sleep(POLL_MS)) {
      const isGone = await withAny(node, (client) => client.members()).then(
        (answer) => answer.fromLeader && answer.members.every((member) => member.id !== node),
        // Between two leaders nobody can say.
        () => false,
      );
      if (!isGone) continue;
      await supervisor.forgetNode(name, node, { deleteData });
      await refresh();
      return;
    }
  };

  /** Rejects with why it was not let in, and then nothing is left of it. */
  const becomesMember = async (node: number): Promise<void> => {
    let why = 'The cluster did not let it in within 30 s: it needs a majority of its nodes for that.';
    for (const endMs = Date.now() + JOIN_MS; Date.now() < endMs; await sleep(POLL_MS)) {
      const isMember = await withAny(node, (client) => client.members()).then(
        (answer) => answer.members.some((member) => member.id === node),
        () => false,
      );
      if (isMember) return;
      const process = (await supervisor.get(name)).nodes.find((one) => one.nodeId === node);
      if (process === undefined || process.state === 'dead' || process.state === 'stopped') {
        why = process?.exit?.detail || 'Its process ended.';
        break;
      }
    }
    await supervisor.forgetNode(name, node, { deleteData: true });
    await refresh();
    throw new BackendError(
      'refused',
      `n${node} could not join ${name}. ${why}`,
      'Start or heal the other nodes first.',
    );
  };

  return {
    async addNode() {
      const node = await supervisor.addNode(name);
      await refresh();
      return node;
    },
    async removeNode(node, { force, deleteData }) {
      requireNode(node);
      await withAny(node, (client) => client.removeMember({ id: node, force }));
      await supervisor.leaveNode(name, node, { deleteData });
      void finishRemoval(node, deleteData).catch(options.onError);
    },
    async wipeNode(node) {
      requireNode(node);
      const successor = await supervisor.addNode(name, { replaces: node });
      await refresh();
      await becomesMember(successor);
      await supervisor.leaveNode(name, node, { deleteData: true });
      await supervisor.leaveNode(name, node, { deleteData: true });
      void finishRemoval(node, true).catch(options.onError);
      return successor;
    },
  };
}
