import type * as grpc from '@grpc/grpc-js';
import { KvStatus, WriteKind, type KvRequest, type KvRequests, type KvResponse, type KvResponses } from '../rpc/kv.ts';
import type { OperationMetrics } from './metrics.ts';
import { response } from './responses.ts';
import type { Router } from './router.ts';

/** Requests one stream may have in flight; beyond it they are refused, so that one client cannot starve the rest. */
const MAX_IN_FLIGHT = 4096;
/** Answers in one message: enough to share its cost, bounded by the message limit through the scan's own bound. */
const MAX_RESPONSES_PER_MESSAGE = 512;
const MAX_MESSAGE_VALUE_BYTES = 4 * 1024 * 1024;

type KvStream = grpc.ServerDuplexStream<KvRequests, KvResponses>;

/** KvService.Stream: many calls in flight, answered as they are done, those of one turn in one message. */
export function kvStreamHandler(router: Router, metrics: OperationMetrics): (call: KvStream) => void {
  return (call) => {
    let inFlight = 0;
    let open = true;
    let writable = true;
    let flushScheduled = false;
    let waiting: KvResponse[] = [];

    const flush = (): void => {
      flushScheduled = false;
      while (open && writable && waiting.length > 0) {
        const responses = takeMessage(waiting);
        waiting = waiting.slice(responses.length);
        writable = call.write({ responses });
      }
    };
    const answer = (result: KvResponse): void => {
      inFlight--;
      if (!open) return;
      waiting.push(result);
      if (flushScheduled) return;
      flushScheduled = true;
      setImmediate(flush);
    };

    const handle = (request: KvRequest): void => {
      // A forwarded request is counted by the node that the client called.
      if (request.forwarded) return router.handle(request, answer);
      const end = metrics.start(operationName(request));
      router.handle(request, (result) => {
        end(result.status);
        answer(result);
      });
    };

    call.on('data', (message: KvRequests) => {
      for (const request of message.requests) {
        inFlight++;
        if (inFlight <= MAX_IN_FLIGHT) {
          handle(request);
          continue;
        }
        answer({
          ...response(request.id, 0, 0),
          status: KvStatus.Overloaded,
          message: `More than ${MAX_IN_FLIGHT} requests are in flight on this stream; wait for answers first.`,
        });
      }
    });
    call.on('drain', () => {
      writable = true;
      flush();
    });
    call.on('end', () => {
      open = false;
      call.end();
    });
    const closed = (): void => {
      open = false;
      waiting = [];
    };
    call.on('cancelled', closed);
    call.on('error', closed);
    call.on('close', closed);
  };
}

function operationName(request: KvRequest): string {
  if (request.get) return 'get';
  if (request.scan) return 'scan';
  return request.write?.kind === WriteKind.Delete ? 'delete' : 'put';
}

/** The first answers that fit one message; at least one. */
function takeMessage(waiting: readonly KvResponse[]): KvResponse[] {
  let bytes = 0;
  let count = 0;
  for (const result of waiting) {
    bytes += result.entry?.value.length ?? 0;
    for (const entry of result.entries) bytes += entry.key.length + entry.value.length;
    if (count > 0 && (count >= MAX_RESPONSES_PER_MESSAGE || bytes > MAX_MESSAGE_VALUE_BYTES)) break;
    count++;
  }
  return waiting.slice(0, count);
}
