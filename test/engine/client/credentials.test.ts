import { Server, ServerCredentials, status, type Metadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AccessError,
  ClusterClient,
  credentialsFor,
  InvalidArgumentError,
  PrkDbClient,
} from '../../../engine/client/index.ts';
import { serviceDefinition } from '../../../engine/rpc/protos.ts';
import { refusedCall } from '../../../engine/server/access.ts';

let server: Server | undefined;
const seen: string[] = [];

/** A node that lets nobody in, and remembers what it was shown. */
async function refusingNode(): Promise<string> {
  const started = new Server();
  server = started;
  const refuse = (call: { metadata: Metadata }, callback: (error: object) => void) => {
    seen.push(String(call.metadata.get('authorization')[0] ?? ''));
    callback(refusedCall({ code: status.UNAUTHENTICATED, message: 'Who are you?', words: '' }));
  };
  started.addService(serviceDefinition('prkdb', 'raft.PrkDbService'), { Metadata: refuse });
  started.addService(serviceDefinition('cluster', 'prkdb.cluster.ClusterService'), { Status: refuse });
  const port = await new Promise<number>((resolve, reject) => {
    started.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `http://127.0.0.1:${port}`;
}

afterEach(() => {
  server?.forceShutdown();
  seen.length = 0;
});

describe('a token', () => {
  it('goes along with every call, and its refusal is an error of its own', async () => {
    const endpoint = await refusingNode();
    const refused = { code: 'UNAUTHENTICATED', message: 'Who are you?' };
    const connecting = PrkDbClient.connect([endpoint], { token: 'prkdb_x' });
    await expect(connecting).rejects.toBeInstanceOf(AccessError);
    await expect(connecting).rejects.toMatchObject(refused);
    const client = new ClusterClient(endpoint, { token: 'prkdb_x' });
    await expect(client.status()).rejects.toMatchObject(refused);
    client.close();
    await expect(PrkDbClient.connect([endpoint])).rejects.toMatchObject(refused);
    expect(seen).toEqual(['Bearer prkdb_x', 'Bearer prkdb_x', '']);
  });

  it('that no header could carry is refused before anything is sent', () => {
    for (const token of ['', 'two words', 'a\r\nb: c', 'ü']) {
      expect(() => credentialsFor(['http://localhost:1'], { token })).toThrow(InvalidArgumentError);
    }
  });
});
