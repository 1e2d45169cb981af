import type { SubscriptionMessage } from '../../contract/contract.ts';

/** What may wait for a slow reader; one that is further behind reads its list anew. */
export const MAX_CHANGES = 2_000;

type Message = SubscriptionMessage<'keys.watch'>;

/** Both as one: of each key its last state. */
export function mergeChanges(waiting: Message, next: Message): Message {
  const changes = [...new Map([...waiting.changes, ...next.changes].map((change) => [change.key, change])).values()];
  const isTooMuch = changes.length > MAX_CHANGES;
  return { changes: isTooMuch ? [] : changes, missed: waiting.missed || next.missed || isTooMuch };
}
