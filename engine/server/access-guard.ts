import type * as grpc from '@grpc/grpc-js';
import {
  clientOf,
  isAccessRefusal,
  refusedCall,
  type Access,
  type AccessRefusal,
  type IncomingCall,
} from './access.ts';
import { rightFor } from './rights.ts';

type Handler = grpc.UntypedHandleCall;

/** The same implementation, whose calls are let in only with the right that each needs. */
export function withAccess(
  access: Access,
  definition: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): grpc.UntypedServiceImplementation {
  const guarded: grpc.UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    const handler = implementation[name] ?? implementation[method.originalName ?? name];
    if (handler !== undefined) guarded[name] = guardOne(access, method, handler.bind(implementation));
  }
  return guarded;
}

function guardOne(access: Access, method: grpc.MethodDefinition<object, object>, handler: Handler): Handler {
  const right = rightFor(method.path);
  if (right === null) return handler;
  const what = `a call of ${method.path.slice(method.path.lastIndexOf('/') + 1)}`;
  const enter = (call: IncomingCall) => {
    const caller = access.identify(call);
    const refusal = isAccessRefusal(caller) ? caller : access.check(caller, right);
    if (refusal === null) return caller;
    access.report({ address: clientOf(call) }, what, refusal);
    return refusal;
  };
  if (method.responseStream) {
    return ((call: grpc.ServerDuplexStream<object, object>) => {
      const caller = enter(call);
      if (isAccessRefusal(caller)) {
        call.emit('error', refusedCall(caller));
        return;
      }
      // Some of it may have been done: the status says so by not saying the contrary.
      const end = ({ code, message }: AccessRefusal) => void call.emit('error', { code, details: message });
      const leave = access.watch(caller, right, end);
      for (const over of ['cancelled', 'error', 'finish', 'close']) call.on(over, leave);
      (handler as grpc.handleBidiStreamingCall<object, object>)(call);
    }) as Handler;
  }
  return ((call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
    const caller = enter(call);
    if (isAccessRefusal(caller)) callback(refusedCall(caller));
    else (handler as grpc.handleUnaryCall<object, object>)(call, callback);
  }) as Handler;
}
