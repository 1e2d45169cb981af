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
      createRequest: { key: prefix.length > 0 ? prefix : ZERO, rangeEnd: prefixEnd(prefix), startRevision },
    });
    for await (const message of stream as AsyncIterable<WatchResponse>) {
      if (message.canceled) throw cancelled(message);
      if (message.events.length === 0) continue;
      yield message.events.flatMap(({ type, kv }) =>
        kv === null ? [] : [{ type: type === 1 ? ('delete' as const) : ('put' as const), entry: toEtcdEntry(kv) }],
      );
    }
  } catch (error) {
    if (!signal.aborted) throw toEtcdError(error, connection.address, false);
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
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
