import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient, PrkDbError } from '../client/index.ts';
import type { MembersResponse, Move } from '../rpc/cluster.ts';
import type { CommandContext, Target } from './context.ts';
import { CommandError } from './errors.ts';
import { note } from './output.ts';

const POLL_MS = 200;
const ATTEMPT_MS = 3_000;
/** Nothing changed for so long: something is in the way. */
const STUCK_MS = 120_000;
/** These have been decided; another node would say the same. */
const FINAL: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'TLS']);

/** Asks one node after another until one does it. Rejects with the last one's PrkDbError. */
export async function atAnyNode<T>(target: Target, ask: (client: ClusterClient) => Promise<T>): Promise<T> {
  let last: unknown = new CommandError('There is no node to ask.');
  for (const endpoint of target.endpoints) {
    const client = new ClusterClient(endpoint, target.connection);
    try {
      return await ask(client);
    } catch (error) {
      if (!(error instanceof PrkDbError) || FINAL.has(error.code)) throw error;
      last = error;
    } finally {
      client.close();
    }
  }
  throw last;
}

/** Whether members, replicas and leaders are where they shall be. */
export function isAtRest(members: MembersResponse): boolean {
  return (
    members.fromLeader &&
    members.balance === 'settled' &&
    members.moves.length === 0 &&
    members.members.every((member) => member.state === 'active')
  );
}

/**
 * Waits until a change of members is complete and tells how far it is, each news once. Rejects
 * with a CommandError when nothing moves for long; the cluster goes on by itself all the same.
 */
export async function waitForMembers(
  context: CommandContext,
  targetNow: () => Promise<Target>,
  isDone: (members: MembersResponse) => boolean,
  check: () => Promise<void> = () => Promise.resolve(),
): Promise<MembersResponse> {
  let told = '';
  let changedAtMs = Date.now();
  for (;;) {
    await check();
    const members = await atAnyNode(await targetNow(), (client) => client.members({}, { timeoutMs: ATTEMPT_MS })).catch(
      (error: unknown) => {
        if (error instanceof PrkDbError && !FINAL.has(error.code)) return null;
        throw error;
      },
    );
    if (members !== null && isDone(members)) return members;
    const words = members === null ? 'No node answers now.' : progressWords(members);
    if (words !== told) {
      changedAtMs = Date.now();
      if (words !== '') note(context.io, words);
      told = words;
    }
    if (Date.now() - changedAtMs > STUCK_MS) {
      throw new CommandError(
        `Nothing has moved for ${STUCK_MS / 1000} s. ${words}`,
        'The cluster goes on by itself when it can. Are all of its nodes up? See: prkdb status',
      );
    }
    await sleep(POLL_MS);
  }
}

/** What is under way, in one line; empty when that is nothing. */
export function progressWords({ members, moves, balance }: MembersResponse): string {
  const joining = members.filter((m) => m.state === 'joining').map((m) => `n${m.id}`);
  const leaving = members.filter((m) => m.state === 'leaving').map((m) => `n${m.id}`);
  const words: string[] = [];
  if (joining.length > 0) words.push(`${joining.join(', ')} ${joining.length === 1 ? 'joins' : 'join'}`);
  if (leaving.length > 0)
    words.push(`${leaving.join(', ')} ${leaving.length === 1 ? 'gives' : 'give'} away what it holds`);
  for (const move of moves) words.push(moveWords(move));
  if (moves.length === 0 && balance === 'leaders') words.push('the leaders are spread');
  return words.length === 0 ? '' : `${words.join('; ')}.`;
}

function moveWords({ partition, wanted, phase, behindNode, behindEntries }: Move): string {
  if (partition === undefined && phase !== 'unknown') return 'the system group follows';
  const what = partition === undefined ? 'the system group' : `partition ${partition}`;
  const to = wanted.map((id) => `n${id}`).join(', ');
  switch (phase) {
    case 'copying':
      return `${what} goes to ${to}: n${behindNode} lacks ${behindEntries} ${behindEntries === 1 ? 'entry' : 'entries'}`;
    case 'switching':
      return `${what} goes to ${to}`;
    case 'leading':
      return `${what} goes to ${to}: its leader hands over`;
    case 'unknown':
      return `${what} has no leader that answers`;
  }
}
