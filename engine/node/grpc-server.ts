import * as grpc from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { withBoundedRequests } from './bounded-requests.ts';
import { bindError } from './errors.ts';

/** Streams one client connection may open, so that one client cannot use up the node. */
const MAX_STREAMS_PER_CONNECTION = 256;

export interface ServiceRegistration {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
}

/**
 * Starts the server that clients and tools call; `extras` add services that bring their own
 * registration. Rejects with a NodeStartError when the port cannot be bound.
 */
export async function startGrpcServer(
  host: string,
  port: number,
  services: readonly ServiceRegistration[],
  extras: readonly ((server: Pick<grpc.Server, 'addService'>) => void)[] = [],
): Promise<grpc.Server> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    // A busy port must be an error, never shared with another process.
    'grpc.so_reuseport': 0,
  });
  for (const { definition, implementation } of services) {
    server.addService(withBoundedRequests(definition), implementation);
  }
  const bounded: Pick<grpc.Server, 'addService'> = {
    addService: (definition, implementation) => {
      server.addService(withBoundedRequests(definition as grpc.ServiceDefinition), implementation);
    },
  };
  for (const add of extras) add(bounded);
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(authority, grpc.ServerCredentials.createInsecure(), (error) => {
      if (error !== null) reject(bindError('client', host, port, error));
      else resolve();
    });
  });
  return server;
}

/** A frozen caller never closes its end of a connection that was ended; it is not waited for. */
const FORCED_WAIT_MS = 250;

/** Lets calls end for a moment, then ends them. */
export function stopGrpcServer(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => {
      server.forceShutdown();
      timer = setTimeout(resolve, FORCED_WAIT_MS);
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
