import * as grpc from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import type { NodeLimits } from '../config/node-config.ts';
import type { CertificateFiles } from '../net/certificate-files.ts';
import { Listener } from '../net/listener.ts';
import type { Access } from '../server/access.ts';
import { withAccess } from '../server/access-guard.ts';
import { CallLimits } from './call-limits.ts';
import { withBoundedRequests } from './bounded-requests.ts';
import { bindError } from './errors.ts';

export interface ServiceRegistration {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
}

export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly services: readonly ServiceRegistration[];
  /** Add services that bring their own registration. */
  readonly extras?: readonly ((server: Pick<grpc.Server, 'addService'>) => void)[];
  /** Null: plaintext. */
  readonly certificates: CertificateFiles | null;
  readonly limits: NodeLimits;
  readonly access: Access;
  readonly onRefused: (reason: string) => void;
}

export interface GrpcServer {
  /** Lets calls end for a moment, then ends them. */
  stop(graceMs: number): Promise<void>;
}

/** Starts the server that clients and tools call. Rejects with a NodeStartError when the port cannot be bound. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { host, port, limits, access } = options;
  const server = new grpc.Server({
    'grpc.max_receive_message_length': limits.messageBytes,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': limits.streamsPerConnection,
    // Nobody asks it, and it keeps books of every call.
    'grpc.enable_channelz': 0,
  });
  const calls = new CallLimits(limits);
  const registry: Pick<grpc.Server, 'addService'> = {
    addService: (definition, implementation) => {
      const service = definition as grpc.ServiceDefinition;
      server.addService(
        withBoundedRequests(service),
        calls.guard(service, withAccess(access, service, implementation)),
      );
    },
  };
  for (const { definition, implementation } of options.services) registry.addService(definition, implementation);
  for (const add of options.extras ?? []) add(registry);
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = await Listener.listen({
    host,
    port,
    certificates: options.certificates,
    maxConnections: limits.connections,
    maxConnectionsPerClient: limits.connectionsPerClient,
    onConnection: (socket) => injector.injectConnection(socket),
    onRefused: options.onRefused,
  }).catch((error: unknown) => {
    throw bindError('client', host, port, error);
  });
  return { stop: (graceMs) => stop(server, listener, graceMs) };
}

/** A frozen caller never closes its end of a connection that was ended; it is not waited for. */
const FORCED_WAIT_MS = 250;

async function stop(server: grpc.Server, listener: Listener, graceMs: number): Promise<void> {
  listener.stopListening();
  await new Promise<void>((resolve) => {
    let timer = setTimeout(() => {
      server.forceShutdown();
      timer = setTimeout(resolve, FORCED_WAIT_MS);
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  // The last answers may still be on their way out.
  await listener.closeAfter(FORCED_WAIT_MS);
}
