import * as grpc from '@grpc/grpc-js';

const pass = (bytes: Buffer): Buffer => bytes;

export interface RawAnswer {
  /** The gRPC status, or the code of a broken connection. */
  readonly code: number;
  readonly details: string;
  readonly bytes: Buffer | null;
}

/** Speaks gRPC to a node with bodies of any bytes. */
export class RawClient {
  readonly #client: grpc.Client;

  constructor(address: string) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
      // A connection of its own.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  unary(path: string, body: Buffer, timeoutMs: number): Promise<RawAnswer> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        pass,
        pass,
        body,
        { deadline: Date.now() + timeoutMs },
        (error: grpc.ServiceError | null, bytes?: Buffer) => {
          resolve({ code: error?.code ?? 0, details: error?.details ?? '', bytes: bytes ?? null });
        },
      );
    });
  }

  /** Writes all bodies on one stream and waits until it ends, or for `waitMs`. */
  stream(path: string, bodies: readonly Buffer[], waitMs: number): Promise<RawAnswer> {
    const call = this.#client.makeBidiStreamRequest(path, pass, pass);
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (answer: RawAnswer): void => {
        clearTimeout(timer);
        resolve(answer);
        call.cancel();
      };
      timer = setTimeout(() => done({ code: 0, details: 'still open', bytes: null }), waitMs);
      call.on('data', () => undefined);
      call.on('error', (error: grpc.ServiceError) => done({ code: error.code, details: error.details, bytes: null }));
      call.on('end', () => done({ code: 0, details: 'ended', bytes: null }));
      for (const body of bodies) call.write(body);
    });
  }

  close(): void {
    this.#client.close();
  }
}
