import type { MethodDefinition } from '@grpc/grpc-js';
import { serviceDefinition } from '../rpc/protos.ts';
import type { Hello } from './codec.ts';
import type { SnapshotOffer } from './types.ts';

/** The messages of `RaftTransport.Snapshot` as they are in memory. */
export interface WireOffer {
  group: number;
  term: number;
  index: number;
  indexTerm: number;
  facts: Uint8Array;
  transferId: number;
}

export interface SnapshotFrame {
  hello?: Hello | null;
  offer?: WireOffer | null;
  chunk?: Uint8Array;
  done?: boolean;
}

export interface SnapshotAnswer {
  wanted: boolean;
  chunksHeld: number;
  installed: boolean;
}

/** `RaftTransport.Snapshot` of proto/raft.proto. */
export function snapshotMethod(): MethodDefinition<SnapshotFrame, SnapshotAnswer> {
  return serviceDefinition('raft', 'prkdb.raft.RaftTransport')['Snapshot'] as MethodDefinition<
    SnapshotFrame,
    SnapshotAnswer
  >;
}

export function toWire({ group, term, point, facts }: SnapshotOffer, transferId: number): WireOffer {
  return { group, term, index: point.index, indexTerm: point.term, facts, transferId };
}

/** Null when a number is none that this program could have sent. */
export function fromWire({ group, term, index, indexTerm, facts }: WireOffer): SnapshotOffer | null {
  if (![group, term, index, indexTerm].every((number) => Number.isSafeInteger(number))) return null;
  return { group, term, point: { index, term: indexTerm }, facts };
}
