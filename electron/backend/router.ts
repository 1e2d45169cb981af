import type { z } from 'zod';
import {
  contract,
  type ApiError,
  type CommandName,
  type CommandOutput,
  type Contract,
  type QueryName,
  type QueryOutput,
  type SubscriptionMessage,
  type SubscriptionName,
} from '../contract/contract.ts';
import { toApiError } from './api-error.ts';
import { BackendError, describeZodError } from './errors.ts';

type Awaitable<T> = T | Promise<T>;

/** One function for each name of the contract; inputs arrive parsed. */
export interface Handlers {
  readonly queries: {
    readonly [N in QueryName]: (input: z.output<Contract['queries'][N]['input']>) => Awaitable<QueryOutput<N>>;
  };
  readonly commands: {
    readonly [N in CommandName]: (input: z.output<Contract['commands'][N]['input']>) => Awaitable<CommandOutput<N>>;
  };
  /** Returns the way to end the subscription. Throws to refuse it. */
  readonly subscriptions: {
    readonly [N in SubscriptionName]: (
      input: z.output<Contract['subscriptions'][N]['input']>,
      sink: SubscriptionSink<SubscriptionMessage<N>>,
    ) => () => void;
  };
}

export interface SubscriptionSink<M> {
  message(message: M): void;
  /** Ends the subscription, as when its cluster is removed. */
  fail(error: unknown): void;
}

export type CallResult =
  { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly error: ApiError };

export interface Router {
  /** Never rejects: every failure is an ApiError. */
  handle(kind: 'query' | 'command', name: string, input: unknown): Promise<CallResult>;
  /** Failures, also of the start, go to the sink. Returns the way to end it; safe to call twice. */
  subscribe(
    name: string,
    input: unknown,
    sink: { message(message: unknown): void; error(error: ApiError): void },
  ): () => void;
}

export interface RouterOptions {
  /** Parse outputs too: in tests and development, where a wrong shape is our own mistake. */
  readonly checkOutputs: boolean;
  /** Told about failures that are nobody's input, for the log. */
  readonly onInternalError?: (error: unknown) => void;
}

/** The one way into the backend, whichever carrier the call came by. */
export function createRouter(handlers: Handlers, options: RouterOptions): Router {
  const fail = (error: unknown): ApiError => {
    const mapped = toApiError(error);
    if (mapped.code === 'internal') options.onInternalError?.(error);
    return mapped;
  };

  return {
    async handle(kind, name, input) {
      try {
        const table = kind === 'query' ? contract.queries : contract.commands;
        if (!Object.hasOwn(table, name)) throw unknownName(kind, name);
        const { input: inputSchema, output: outputSchema } = entry(table, name);
        const parsed = parseInput(inputSchema, input);
        const group = kind === 'query' ? handlers.queries : handlers.commands;
        const handler = (group as unknown as Record<string, (input: unknown) => Awaitable<unknown>>)[name];
        if (handler === undefined) throw unknownName(kind, name);
        const output = await handler(parsed);
        return { ok: true, output: options.checkOutputs ? outputSchema.parse(output) : output };
      } catch (error) {
        return { ok: false, error: fail(error) };
      }
    },

    subscribe(name, input, sink) {
      let ended = false;
      let stop: (() => void) | null = null;
      const end = (): void => {
        ended = true;
        stop?.();
        stop = null;
      };
      const abort = (error: unknown): void => {
        if (ended) return;
        end();
        sink.error(fail(error));
      };
      try {
        if (!Object.hasOwn(contract.subscriptions, name)) throw unknownName('subscription', name);
        const schemas = contract.subscriptions[name as SubscriptionName];
        const parsed = parseInput(schemas.input, input);
        const start = handlers.subscriptions[name as SubscriptionName] as (
          input: unknown,
          sink: SubscriptionSink<unknown>,
        ) => () => void;
        const started = start(parsed, {
          message(message) {
            if (ended) return;
            if (!options.checkOutputs) return sink.message(message);
            const checked = schemas.message.safeParse(message);
            if (checked.success) sink.message(checked.data);
            else abort(checked.error);
          },
          fail: abort,
        });
        // The handler may have failed or been ended while it was starting.
        if (ended) started();
        else stop = started;
      } catch (error) {
        abort(error);
      }
      return end;
    },
  };
}

function entry(table: object, name: string): { input: z.ZodType; output: z.ZodType } {
  return (table as Record<string, { input: z.ZodType; output: z.ZodType }>)[name]!;
}

function parseInput(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BackendError('invalidInput', describeZodError(parsed.error), 'Correct the marked input and try again.');
}

function unknownName(kind: string, name: string): BackendError {
  return new BackendError(
    'invalidInput',
    `There is no ${kind} called ${JSON.stringify(name.slice(0, 64))}.`,
    'The window and the program behind it may be of different versions: reload the window.',
  );
}
