import { status } from '@grpc/grpc-js';
import type { NodeId } from '../raft/types.ts';
import type { Hello, PeerFrame } from './codec.ts';
import { MalformedFrameError } from '../rpc/wire.ts';

/** Changes when nodes of two versions could misunderstand each other. */
export const PROTOCOL_VERSION = 1;

/** Who this node is, for the handshake. */
export interface Identity {
  readonly self: NodeId;
  readonly clusterId: string;
  /** Which data directory this node works on; see `Hello` in proto/raft.proto. */
  readonly incarnation: string;
}

/** Why a stream is refused: a gRPC status code and a sentence for the operator of either node. */
export interface Refusal {
  readonly code: status;
  readonly reason: string;
}

export function helloFrame(identity: Identity, to: NodeId): PeerFrame {
  const hello: Hello = {
    protocolVersion: PROTOCOL_VERSION,
    clusterId: identity.clusterId,
    nodeId: identity.self,
    toNodeId: to,
    incarnation: identity.incarnation,
  };
  return { hello, messages: [], ping: 0, pong: 0 };
}

/** A text from the network, fit for a log line and a status. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** The hello that a stream begins with, or why it is refused. */
export function readHello(identity: Identity, frame: PeerFrame | MalformedFrameError): Hello | Refusal {
  if (frame instanceof MalformedFrameError) return malformed(frame);
  const { hello } = frame;
  if (hello === null) {
    return { code: status.FAILED_PRECONDITION, reason: 'the first frame on a peer stream must be a hello' };
  }
  if (hello.protocolVersion !== PROTOCOL_VERSION) {
    return {
      code: status.FAILED_PRECONDITION,
      reason: `node ${identity.self} speaks version ${PROTOCOL_VERSION} of the peer protocol, not ${hello.protocolVersion}: run the same release on all nodes`,
    };
  }
  if (hello.clusterId !== identity.clusterId) {
    return {
      code: status.FAILED_PRECONDITION,
      reason: `node ${identity.self} belongs to cluster ${quoted(identity.clusterId)}, not to ${quoted(hello.clusterId)}: check the members' addresses and Raft ports`,
    };
  }
  if (hello.toNodeId !== identity.self) {
    return {
      code: status.FAILED_PRECONDITION,
      reason: `this is node ${identity.self}, not node ${hello.toNodeId}: check the members' addresses and Raft ports`,
    };
  }
  return hello;
}

export function malformed(error: MalformedFrameError): Refusal {
  return { code: status.INVALID_ARGUMENT, reason: `malformed frame: ${error.message}` };
}

export function isRefusal(value: Hello | Refusal): value is Refusal {
  return 'reason' in value;
}
