import type {
  Api,
  ApiError,
  CommandName,
  CommandOutput,
  QueryName,
  QueryOutput,
  SubscriptionMessage,
  SubscriptionName,
} from '../../electron/contract/contract.ts';
import type { Carrier } from './carrier.ts';
import { ApiFailure, toApiError } from './errors.ts';

/** How long a query waits for a carrier that is not open yet. */
const OPEN_WAIT_MS = 8_000;

interface Call {
  readonly kind: 'query' | 'command';
  readonly name: string;
  readonly input: unknown;
  resolve(output: unknown): void;
  reject(error: ApiFailure): void;
}

interface Subscription {
  readonly name: SubscriptionName;
  readonly input: unknown;
  message(message: unknown): void;
  error(error: ApiError): void;
}

const unsent = () =>
  new ApiFailure({
    code: 'disconnected',
    message: 'The application’s backend does not answer, so nothing was sent.',
    hint: 'Try again when the connection is back.',
  });

const cutOff = (call: Call) =>
  new ApiFailure({
    code: 'disconnected',
    message: 'The connection to the application’s backend broke before the answer came.',
    hint: call.kind === 'command' ? 'It may or may not have been done: look before you repeat it.' : 'Try again.',
  });

/**
 * The contract's Api over one carrier. The host checks inputs and outputs against the
 * schemas; here a frame's own shape is checked, and a frame that belongs to nothing is
 * dropped (its call was cut off, or its subscription ended).
 */
export function createApi(carrier: Carrier): Api {
  const calls = new Map<number, Call>();
  const subscriptions = new Map<number, Subscription>();
  const waiting = new Set<Call>();
  let nextId = 1;

  const sendCall = (call: Call) => {
    const id = nextId++;
    calls.set(id, call);
    carrier.send({ type: 'call', id, kind: call.kind, name: call.name, input: call.input });
  };

  const sendSubscription = (subscription: Subscription) => {
    const id = nextId++;
    subscriptions.set(id, subscription);
    if (carrier.state === 'open') {
      carrier.send({ type: 'subscribe', id, name: subscription.name, input: subscription.input });
    }
  };

  const request = (kind: Call['kind'], name: string, input: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const call: Call = { kind, name, input, resolve, reject };
      if (carrier.state === 'open') {
        sendCall(call);
      } else if (kind === 'command') {
        reject(unsent());
      } else {
        waiting.add(call);
        setTimeout(() => {
          if (waiting.delete(call)) reject(unsent());
        }, OPEN_WAIT_MS);
      }
    });

  carrier.onState((state) => {
    if (state === 'open') {
      const again = [...subscriptions.values()];
      subscriptions.clear();
      for (const subscription of again) sendSubscription(subscription);
      const held = [...waiting];
      waiting.clear();
      for (const call of held) sendCall(call);
    } else {
      const broken = [...calls.values()];
      calls.clear();
      for (const call of broken) call.reject(cutOff(call));
    }
  });

  carrier.onFrame((frame) => {
    if (typeof frame !== 'object' || frame === null || !('type' in frame) || !('id' in frame)) return;
    const id = Number(frame.id);
    if (frame.type === 'result' && 'output' in frame) {
      calls.get(id)?.resolve(frame.output);
      calls.delete(id);
    } else if (frame.type === 'message' && 'message' in frame) {
      subscriptions.get(id)?.message(frame.message);
    } else if (frame.type === 'error' && 'error' in frame) {
      const error = toApiError(frame.error);
      calls.get(id)?.reject(new ApiFailure(error));
      calls.delete(id);
      const subscription = subscriptions.get(id);
      subscriptions.delete(id);
      subscription?.error(error);
    }
  });

  return {
    query<N extends QueryName>(name: N, input: unknown) {
      return request('query', name, input) as Promise<QueryOutput<N>>;
    },
    command<N extends CommandName>(name: N, input: unknown) {
      return request('command', name, input) as Promise<CommandOutput<N>>;
    },
    subscribe(name, input, listener) {
      const subscription: Subscription = {
        name,
        input,
        message: (message) => listener.message(message as SubscriptionMessage<typeof name>),
        error: (error) => listener.error(error),
      };
      sendSubscription(subscription);
      return () => {
        for (const [id, held] of subscriptions) {
          if (held !== subscription) continue;
          subscriptions.delete(id);
          carrier.send({ type: 'unsubscribe', id });
        }
      };
    },
    onConnection(listener) {
      listener(carrier.state);
      return carrier.onState(listener);
    },
  };
}
