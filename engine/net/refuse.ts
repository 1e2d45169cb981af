import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { REFUSAL_HEADER, type TlsProblemKind } from './tls-problem.ts';

/** A refused caller gets its answer within this, and no second chance on the same connection. */
const REFUSAL_MS = 2000;
const MAX_STREAMS = 16;

/** Why a connection is refused: a gRPC status code and a sentence for the caller. */
export interface ConnectionRefusal {
  readonly code: number;
  readonly reason: string;
  readonly kind?: TlsProblemKind;
}

/**
 * Answers every call on a connection with a status, and closes it soon. Nothing that was
 * sent on it is read by anything else.
 */
export function refuseConnection(socket: Socket, refusal: ConnectionRefusal): void {
  const session = http2.performServerHandshake(socket, { settings: { maxConcurrentStreams: MAX_STREAMS } });
  const timer = setTimeout(() => session.destroy(), REFUSAL_MS);
  session.on('error', () => undefined);
  session.on('close', () => clearTimeout(timer));
  session.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': String(refusal.code),
        'grpc-message': encodeURI(refusal.reason),
        ...(refusal.kind === undefined ? {} : { [REFUSAL_HEADER]: refusal.kind }),
      },
      { endStream: true },
    );
    stream.resume();
  });
}
