import * as grpc from '@grpc/grpc-js';
import type { NodeLimits } from '../config/node-config.ts';
import { clientOf } from '../server/access.ts';

/** Calls that stay open and cost something all the time. */
const WATCHING: ReadonlySet<string> = new Set(['/prkdb.cluster.ClusterService/Observe', '/raft.PrkDbService/Watch']);

/** Counts what every client (an address) has open, and refuses what is more than its share. */
export class CallLimits {
  readonly #limits: NodeLimits;
  readonly #calls = new Map<string, number>();
  readonly #observers = new Map<string, number>();

  constructor(limits: NodeLimits) {
    this.#limits = limits;
  }

  /** The same implementation, which answers RESOURCE_EXHAUSTED to those who have too much open. */
  guard(
    definition: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
  ): grpc.UntypedServiceImplementation {
    const guarded: grpc.UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const handler = implementation[name] ?? implementation[method.originalName ?? name];
      if (handler !== undefined) guarded[name] = this.#guardOne(method, handler.bind(implementation));
    }
    return guarded;
  }

  #guardOne(method: grpc.MethodDefinition<object, object>, handler: grpc.UntypedHandleCall): grpc.UntypedHandleCall {
    const { callsPerClient, observersPerClient } = this.#limits;
    const isObserve = WATCHING.has(method.path);
    const [counts, limit] = isObserve ? [this.#observers, observersPerClient] : [this.#calls, callsPerClient];
    const what = isObserve ? 'watchers of this node' : 'calls to this node';
    const refusal = (client: string) => ({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: `${client} has ${limit} ${what} open, which is the limit. End some first.`,
    });
    if (method.responseStream) {
      return ((call: grpc.ServerDuplexStream<object, object>) => {
        const client = clientOf(call);
        const leave = enter(counts, client, limit);
        if (leave === null) {
          call.emit('error', refusal(client));
          return;
        }
        for (const end of ['cancelled', 'error', 'finish', 'close']) call.on(end, leave);
        (handler as grpc.handleBidiStreamingCall<object, object>)(call);
      }) as grpc.UntypedHandleCall;
    }
    return ((call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
      const client = clientOf(call);
      const leave = enter(counts, client, limit);
      if (leave === null) {
        callback(refusal(client));
        return;
      }
      call.on('cancelled', leave);
      (handler as grpc.handleUnaryCall<object, object>)(call, (...answer) => {
        leave();
        callback(...answer);
      });
    }) as grpc.UntypedHandleCall;
  }
}

/** Takes a place; returns the way to leave it, which counts once, or null when there is none. */
function enter(counts: Map<string, number>, client: string, limit: number): (() => void) | null {
  const count = counts.get(client) ?? 0;
  if (count >= limit) return null;
  counts.set(client, count + 1);
  let isIn = true;
  return () => {
    if (!isIn) return;
    isIn = false;
    const left = (counts.get(client) ?? 1) - 1;
    if (left === 0) counts.delete(client);
    else counts.set(client, left);
  };
}
