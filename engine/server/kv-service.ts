import type * as grpc from '@grpc/grpc-js';
import type { KvRequests, KvResponses } from '../rpc/kv.ts';
import { clientOf, isAccessRefusal, type Access } from './access.ts';
import { KvStreamSession } from './kv-stream.ts';
import type { OperationMetrics } from './metrics.ts';
import type { RequestBudgets } from './request-budget.ts';
import type { Router } from './router.ts';

/**
 * KvService.Stream. Every write on it needs the right to write. A caller that sends more than its budget is told so for each request
 * that is too many; nothing was done for those.
 */
export function kvStreamHandler(
  router: Router,
  metrics: OperationMetrics,
  budgets: RequestBudgets,
  access: Access,
): (call: grpc.ServerDuplexStream<KvRequests, KvResponses>) => void {
  return (call) => {
    const connection = call.getPeer();
    const budget = budgets.open(connection);
    const caller = access.identify(call);
    const refusesWrite = (): string | null => {
      const refusal = isAccessRefusal(caller) ? caller : access.check(caller, 'write');
      if (refusal === null) return null;
      access.report({ address: clientOf(call) }, 'a write', refusal);
      return refusal.message;
    };
    const rights = { token: isAccessRefusal(caller) ? null : caller.token, refusesWrite };
    void new KvStreamSession(call, router, metrics, budget, rights, () => budgets.close(connection));
  };
}
