import type * as grpc from '@grpc/grpc-js';
import type { KvRequests, KvResponses } from '../rpc/kv.ts';
import { KvStreamSession } from './kv-stream.ts';
import type { OperationMetrics } from './metrics.ts';
import type { RequestBudgets } from './request-budget.ts';
import type { Router } from './router.ts';

/**
 * KvService.Stream. A caller that sends more than its budget is told so for each request
 * that is too many; nothing was done for those.
 */
export function kvStreamHandler(
  router: Router,
  metrics: OperationMetrics,
  budgets: RequestBudgets,
): (call: grpc.ServerDuplexStream<KvRequests, KvResponses>) => void {
  return (call) => {
    const connection = call.getPeer();
    const budget = budgets.open(connection);
    void new KvStreamSession(call, router, metrics, budget, () => budgets.close(connection));
  };
}
