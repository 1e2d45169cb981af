import { mergeChanges } from './keys/key-changes.ts';
import type { SubscriptionMessage, SubscriptionName } from '../contract/contract.ts';

/** What may wait for a slow reader; beyond it the oldest goes, since history can be queried. */
const MAX_WAITING_SAMPLES = 2_000;
const MAX_WAITING_EVENTS = 2_000;

type Merge<N extends SubscriptionName> = (
  waiting: SubscriptionMessage<N>,
  next: SubscriptionMessage<N>,
) => SubscriptionMessage<N>;

/** Two messages of one subscription as one: the newest state, and all that happened in between. */
export const mergeMessages: { readonly [N in SubscriptionName]: Merge<N> } = {
  clusters: (_waiting, next) => next,
  'partition.live': (_waiting, next) => next,
  'drills.live': (_waiting, next) => next,
  'drills.reports': (_waiting, next) => next,
  copies: (_waiting, next) => next,
  'keys.watch': mergeChanges,
  fleet: (_waiting, next) => next,
  'monitor.log': (waiting, next) => concat(waiting, next, MAX_WAITING_EVENTS) ?? next,
  notices: (waiting, next) => concat(waiting, next, MAX_WAITING_EVENTS) ?? next,
  'cluster.live': (waiting, next) => ({
    view: next.view ?? waiting.view,
    samples: concat(waiting.samples, next.samples, MAX_WAITING_SAMPLES),
    events: concat(waiting.events, next.events, MAX_WAITING_EVENTS),
  }),
};

function concat<T>(before: T[] | undefined, after: T[] | undefined, limit: number): T[] | undefined {
  if (before === undefined) return after;
  if (after === undefined) return before;
  return [...before, ...after].slice(-limit);
}
