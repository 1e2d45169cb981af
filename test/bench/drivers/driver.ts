import { EtcdGrpcDriver } from './etcd-grpc.ts';
import { EtcdHttp2Driver } from './etcd-http2.ts';
import { PrkDbClientDriver } from './prkdb-client.ts';
import { PrkDbUnaryDriver } from './prkdb-unary.ts';

export type GetMode = 'linearizable' | 'follower' | 'stale';

/** One way to call one of the systems. A call rejects when it was not acknowledged. */
export interface Driver {
  put(key: Buffer, value: Buffer): Promise<unknown>;
  get(key: Buffer, mode: GetMode): Promise<unknown>;
  close(): Promise<void> | void;
}

export type DriverName = 'prkdb-client' | 'prkdb-unary' | 'etcd-grpc' | 'etcd-http2';

export interface DriverTarget {
  readonly endpoints: readonly string[];
  /** The member that leads; drivers that cannot follow leaders themselves call it for writes. */
  readonly leader: number;
}

export function connectDriver(name: DriverName, target: DriverTarget): Promise<Driver> {
  switch (name) {
    case 'prkdb-client':
      return PrkDbClientDriver.connect(target);
    case 'prkdb-unary':
      return PrkDbUnaryDriver.connect(target);
    case 'etcd-grpc':
      return Promise.resolve(new EtcdGrpcDriver(target));
    case 'etcd-http2':
      return EtcdHttp2Driver.connect(target);
  }
}
