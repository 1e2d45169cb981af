import type { Membership, NodeId } from '../../raft/types.ts';
import { CorruptDataError } from '../errors.ts';
import { bytesFieldSize, varintSize, WIRE_BYTES, WireReader, writeBytesField, writeVarint } from './wire.ts';

function encodeIds(ids: readonly NodeId[]): Uint8Array {
  const target = Buffer.allocUnsafe(ids.reduce((size, id) => size + varintSize(id), 0));
  ids.reduce((position, id) => writeVarint(target, position, id), 0);
  return target;
}

/** Encodes `prkdb.raft.Membership`. */
export function encodeMembership({ voters, votersOutgoing, learners }: Membership): Uint8Array {
  const lists = [voters, votersOutgoing, learners].map(encodeIds);
  const target = Buffer.allocUnsafe(
    lists.reduce((size, list) => size + (list.length === 0 ? 0 : bytesFieldSize(list.length)), 0),
  );
  lists.reduce((at, list, i) => (list.length === 0 ? at : writeBytesField(target, at, i + 1, list)), 0);
  return target;
}

/** Throws CorruptDataError for anything that is no membership. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const reader = new WireReader(bytes, 0, bytes.length);
  const lists: (readonly NodeId[])[] = [[], [], []];
  while (!reader.done) {
    const tag = reader.varint();
    const field = tag >> 3;
    if ((tag & 7) !== WIRE_BYTES || field < 1 || field > lists.length) {
      throw new CorruptDataError(`a membership has an unknown field (tag ${tag})`);
    }
    lists[field - 1] = decodeIds(reader.view());
  }
  const [voters = [], votersOutgoing = [], learners = []] = lists;
  return { voters, votersOutgoing, learners };
}

function decodeIds(bytes: Uint8Array): readonly NodeId[] {
  const reader = new WireReader(bytes, 0, bytes.length);
  const ids: NodeId[] = [];
  while (!reader.done) {
    const id = reader.varint();
    if (id <= (ids.at(-1) ?? 0)) throw new CorruptDataError('the members of a group are not in the order of their ids');
    ids.push(id);
  }
  return ids;
}
