import { MAX_MEMBERS, type ConfChange } from './confchange.ts';
import { CorruptEntryError } from './errors.ts';
import type { NodeId } from './types.ts';

/**
 * The data of an entry of `EntryType.ConfChange`. One byte says the kind; `enter` is followed
 * by four lists (voters and learners before, voters and learners after), each a byte that
 * counts and then ascending ids of four bytes, least significant first. There is exactly one
 * encoding of a change.
 */
const ENTER = 1;
const LEAVE = 2;
const ID_BYTES = 4;

/** The ids must be ascending, as in every `Membership`. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  if (change.kind === 'leave') return Uint8Array.of(LEAVE);
  const { from, target } = change;
  const lists = [from.voters, from.learners, target.voters, target.learners];
  const data = new Uint8Array(lists.reduce((size, list) => size + 1 + list.length * ID_BYTES, 1));
  const view = new DataView(data.buffer);
  data[0] = ENTER;
  let at = 1;
  for (const list of lists) {
    data[at++] = list.length;
    for (const id of list) {
      view.setUint32(at, id, true);
      at += ID_BYTES;
    }
  }
  return data;
}

/** Throws CorruptEntryError for anything that `encodeConfChange` does not make. */
export function decodeConfChange(data: Uint8Array): ConfChange {
  const [kind] = data;
  if (kind === LEAVE && data.length === 1) return { kind: 'leave' };
  if (kind !== ENTER) throw new CorruptEntryError(`a membership change begins with ${kind ?? 'nothing'}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 1;
  const readList = (): readonly NodeId[] => {
    const count = at < data.length ? data[at]! : MAX_MEMBERS + 1;
    at++;
    if (at + count * ID_BYTES > data.length) throw new CorruptEntryError('a membership change ends early');
    const ids: NodeId[] = [];
    for (let i = 0; i < count; i++, at += ID_BYTES) {
      const id = view.getUint32(at, true);
      if (id <= (ids.at(-1) ?? 0)) throw new CorruptEntryError('the ids of a membership change are not ascending');
      ids.push(id);
    }
    return ids;
  };
  const from = { voters: readList(), learners: readList() };
  const target = { voters: readList(), learners: readList() };
  if (at !== data.length) throw new CorruptEntryError('a membership change is followed by something else');
  return { kind: 'enter', from, target };
}
