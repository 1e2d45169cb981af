import type { EtcdClient } from './client.ts';
import { EtcdError, toEtcdError } from './errors.ts';
import { prefixEnd, toEtcdEntry } from './keys.ts';
import type { WatchResponse } from './messages.ts';
import type { EtcdChange } from './types.ts';

const START_TIMEOUT_MS = 5_000;
const ZERO = Buffer.from([0]);

/**
 * Every change of the keys with this prefix, from a revision on (0: from now), in order and
 * batch by batch as etcd commits them. Ends when the signal aborts; throws EtcdError when the
 * connection breaks, and `compacted` when the revision is no longer there. A caller that goes
 * on begins behind the last change it was given.
 */
export async function* watchPrefix(
  client: EtcdClient,
  options: { readonly prefix: Buffer; readonly startRevision: number; readonly signal: AbortSignal },
): AsyncGenerator<readonly EtcdChange[], void, undefined> {
  const { prefix, startRevision, signal } = options;
  const connection = await client.connection(START_TIMEOUT_MS);
  const stream = await connection.bidiStream<WatchResponse>('Watch', 'Watch', START_TIMEOUT_MS);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // The iterator throws it too; without a listener it would be thrown where nobody catches it.
  stream.on('error', () => undefined);
  try {
    stream.write({
      createRequest: {
        key: prefix.length > 0 ? prefix : ZERO,
        rangeEnd: prefixEnd(prefix),
        startRevision,
        fragment: true,
      },
    });
    let held: readonly EtcdChange[] = [];
    for await (const message of stream as AsyncIterable<WatchResponse>) {
      if (message.canceled) throw cancelled(message);
      const changes = [...held, ...message.events.flatMap(changeOf)];
      const whole = message.fragment ? wholeRevisions(changes) : changes;
      held = changes.slice(whole.length);
      if (whole.length > 0) yield whole;
    }
  } catch (error) {
    if (!signal.aborted) throw toEtcdError(error, connection.address, false);
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function changeOf({ type, kv }: WatchResponse['events'][number]): readonly EtcdChange[] {
  return kv === null ? [] : [{ type: type === 1 ? 'delete' : 'put', entry: toEtcdEntry(kv) }];
}

/**
 * Without those of the last revision: a transaction may go on in the next part of the answer,
 * and whoever begins behind its revision would miss the rest of it.
 */
function wholeRevisions(changes: readonly EtcdChange[]): readonly EtcdChange[] {
  const last = changes.at(-1)?.entry.modRevision;
  return changes.slice(
    0,
    changes.findIndex(({ entry }) => entry.modRevision === last),
  );
}

function cancelled(message: WatchResponse): EtcdError {
  if (Number(message.compactRevision) > 0) {
    return new EtcdError(
      'compacted',
      `The changes before revision ${message.compactRevision} have been compacted away.`,
      'Read everything anew, then watch from there.',
    );
  }
  return new EtcdError('refused', `etcd ended the watch: ${message.cancelReason || 'it did not say why'}.`);
}
