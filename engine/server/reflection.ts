import type * as grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { packageDefinition } from '../rpc/protos.ts';

/** Server reflection (v1 and v1alpha) of the services that clients and tools call. */
export function addReflection(server: Pick<grpc.Server, 'addService'>): void {
  const definition = { ...packageDefinition('prkdb'), ...packageDefinition('cluster') };
  new ReflectionService(definition).addToServer(server);
}
