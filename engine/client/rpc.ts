import * as grpc from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { ACCESS_HEADER } from '../rpc/headers.ts';
import type { AccessRefusal } from './errors.ts';
import { REFUSAL_HEADER, tlsProblemOf, type TlsProblem, type TlsProblemKind } from '../net/tls-problem.ts';

/** Reconnects soon after a node is back, and notices a peer that is gone without a word. */
export const channelOptions: grpc.ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  // Whether a call may be repeated is ours to decide.
  'grpc.enable_retries': 0,
  // Nobody asks it, and it keeps books of every call.
  'grpc.enable_channelz': 0,
  // Each client has connections of its own, so that closing it closes them.
  'grpc.use_local_subchannel_pool': 1,
};

export interface UnaryOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The definition of one method; throws when the .proto does not have it. */
export function methodOf(service: grpc.ServiceClientConstructor, name: string): grpc.MethodDefinition<object, object> {
  const method = service.service[name] as grpc.MethodDefinition<object, object> | undefined;
  if (method === undefined) throw new Error(`the service has no method ${name}`);
  return method;
}

/** One unary call. Rejects with grpc's ServiceError, or with the signal's reason when it aborts. */
export function unary<Response>(
  client: grpc.Client,
  method: grpc.MethodDefinition<object, object>,
  request: object,
  options: UnaryOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const abort = () => call.cancel();
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new grpc.Metadata(),
      { deadline: Date.now() + options.timeoutMs },
      (error, response) => {
        signal?.removeEventListener('abort', abort);
        if (signal?.aborted === true) reject(signal.reason as Error);
        else if (error !== null) reject(error);
        else resolve(response as Response);
      },
    );
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** What is wrong with TLS, where a call failed because of that. */
export function tlsProblemIn(error: unknown): TlsProblem | null {
  const { code, details, metadata } = error as Partial<grpc.ServiceError>;
  if (code === grpc.status.UNAVAILABLE) return tlsProblemOf(details ?? '');
  const kind = code === grpc.status.UNAUTHENTICATED ? metadata?.get(REFUSAL_HEADER)[0] : undefined;
  if (kind === undefined) return null;
  return { kind: kind as TlsProblemKind, words: (details ?? '').replace(/\.$/, '') };
}

/** Why the call was not let in, where that is why it failed. Nothing was done then. */
export function accessRefusalIn(error: unknown): AccessRefusal | null {
  const { code, details, metadata } = error as Partial<grpc.ServiceError>;
  if (metadata?.get(ACCESS_HEADER)[0] === undefined) return null;
  const isDenied = code === grpc.status.PERMISSION_DENIED;
  return {
    code: isDenied ? 'PERMISSION_DENIED' : 'UNAUTHENTICATED',
    message: details ?? 'The token does not allow it.',
  };
}

/** A ServiceError in a few words for people. */
export function rpcReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problem = tlsProblemIn(error);
  if (problem !== null) return problem.words;
  const code = (error as Partial<grpc.ServiceError>).code;
  const details = (error as Partial<grpc.ServiceError>).details ?? error.message;
  if (code === grpc.status.DEADLINE_EXCEEDED) return 'no answer in time';
  if (code === grpc.status.UNIMPLEMENTED) return 'it does not speak this protocol';
  const system = /connect (E[A-Z]+)/.exec(details)?.[1];
  if (system === 'ECONNREFUSED') return 'connection refused';
  if (system !== undefined) return system;
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/.test(details)) return 'the host name is not known';
  if (/Protocol error|Parse Error|HTTP\/2|ERR_HTTP2/i.test(details)) return 'it is not a PrkDB node';
  return details;
}
