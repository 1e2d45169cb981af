import type { MethodDefinition } from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import { decodePeerFrame, encodePeerFrame, type PeerFrame } from './codec.ts';
import { MalformedFrameError } from '../rpc/wire.ts';

/**
 * What arrives on a peer stream. An error is a value here: one thrown inside of gRPC would
 * end the stream with a status that hides the reason.
 */
export type Received = PeerFrame | MalformedFrameError;

export function decodeReceived(bytes: Buffer): Received {
  try {
    return decodePeerFrame(bytes);
  } catch (error) {
    if (error instanceof MalformedFrameError) return error;
    throw error;
  }
}

export const PEER_METHOD_PATH = '/prkdb.raft.RaftTransport/Peer';

const peerMethod: MethodDefinition<PeerFrame, PeerFrame> = {
  path: PEER_METHOD_PATH,
  requestStream: true,
  responseStream: true,
  requestSerialize: encodePeerFrame,
  requestDeserialize: decodeReceived as (bytes: Buffer) => PeerFrame,
  responseSerialize: encodePeerFrame,
  responseDeserialize: decodeReceived as (bytes: Buffer) => PeerFrame,
  originalName: 'peer',
};

/** `RaftTransport` of proto/raft.proto on the hand-written codec. */
export const raftTransportService = { Peer: peerMethod };

/**
 * Options of either side. The keepalive works below the frames: it finds connections that
 * are dead without a word (a host that lost power), which TCP alone would notice only
 * after many minutes, and an injected fault does not touch it.
 */
export const channelOptions = {
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0,
} as const;

/** `host:port` as gRPC dials and binds it; IPv6 addresses go into brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
