import { EventEmitter } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { packageDefinition } from '../rpc/protos.ts';

/** Of grpc.reflection.v1 and of the version before it, which older tools speak. */
const PATHS = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);

type RawCall = grpc.ServerDuplexStream<Buffer, Buffer>;

/** A stream as the library's handlers use it. */
type ReflectionCall = EventEmitter & { write(response: object): void; end(): void };

interface Reflection {
  readonly method: grpc.MethodDefinition<object, object>;
  readonly handle: (call: ReflectionCall) => void;
}

let loaded: Promise<ReadonlyMap<string, Reflection>> | null = null;

/**
 * The library and the descriptors of all services take some 13 MB of memory, and most nodes
 * are never asked: so they come with the first call.
 */
function load(): Promise<ReadonlyMap<string, Reflection>> {
  loaded ??= import('@grpc/reflection').then(({ ReflectionService }) => {
    const byPath = new Map<string, Reflection>();
    const addService = (service: grpc.ServiceDefinition, handlers: grpc.UntypedServiceImplementation): void => {
      for (const [name, method] of Object.entries(service)) {
        byPath.set(method.path, { method, handle: handlers[name] as Reflection['handle'] });
      }
    };
    const definition = { ...packageDefinition('prkdb'), ...packageDefinition('cluster') };
    new ReflectionService(definition).addToServer({ addService });
    return byPath;
  });
  return loaded;
}

/** Server reflection (v1 and v1alpha) of the services that clients and tools call. */
export function addReflection(server: Pick<grpc.Server, 'addService'>): void {
  const same = (bytes: Buffer): Buffer => bytes;
  for (const path of PATHS) {
    const method: grpc.MethodDefinition<Buffer, Buffer> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const info = (call: RawCall): void => {
      load().then(
        (reflections) => serve(call, reflections.get(path)),
        (error: unknown) => fail(call, grpc.status.UNAVAILABLE, `Reflection cannot be loaded: ${String(error)}`),
      );
    };
    server.addService({ info: method }, { info });
  }
}

/** Requests wait in the stream until somebody listens, which is here. */
function serve(call: RawCall, reflection: Reflection | undefined): void {
  if (reflection === undefined)
    return fail(call, grpc.status.UNIMPLEMENTED, 'This version of reflection is not offered.');
  const { method, handle } = reflection;
  const inner: ReflectionCall = Object.assign(new EventEmitter(), {
    write: (response: object) => void call.write(method.responseSerialize(response)),
    end: () => void call.end(),
  });
  handle(inner);
  call.on('data', (bytes: Buffer) => {
    try {
      inner.emit('data', method.requestDeserialize(bytes));
    } catch (error) {
      fail(call, grpc.status.INVALID_ARGUMENT, `This is no reflection request: ${String(error)}`);
    }
  });
  call.on('end', () => inner.emit('end'));
}

/** How a handler of grpc-js ends a stream with a status. */
function fail(call: RawCall, code: grpc.status, details: string): void {
  call.emit('error', { code, details });
}
