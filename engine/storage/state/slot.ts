import { MAX_PAST_REVISIONS } from '../../config/limits.ts';
import { Gone, type KvChange, type KvRow, type KvRowMeta } from '../types.ts';
import { pastAfter, type Replaced } from './history.ts';

/** One key in memory: how it is in the database, then as what was applied since left it. */
export interface Slot {
  readonly name: string;
  /** The key's row in the database, or null when there is none. */
  rowId: number | bigint | null;
  /** That row's checksum; 0 when there is none. */
  checksum: number;
  /** Undefined where there is no row, not even of a key that is gone. */
  meta: KvRowMeta | undefined;
  /** Null when it was not changed, and is large: then it is in the database alone. */
  value: Uint8Array | null;
  /** The history without `replaced`. */
  past: Uint8Array;
  /** What is to go into the history yet, the oldest first; a large value was not read. */
  replaced: Replaced[];
  /** Changed since it was last written. */
  isDirty: boolean;
  /** As it was when the flush under way began, and to be written by it. */
  isFrozen: boolean;
  /** A row of this key was replaced: it may well be again. */
  isOverwritten: boolean;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Puts a row in the place of the slot's. */
export function changeSlot(slot: Slot, row: KvChange): void {
  if (slot.meta !== undefined) {
    slot.replaced.push({ meta: slot.meta, value: slot.value });
    slot.isOverwritten = true;
    if (slot.replaced.length > MAX_PAST_REVISIONS) {
      // A history holds no more: those that follow push out all that came before.
      slot.replaced.shift();
      slot.past = NOTHING;
    }
  }
  slot.meta = row;
  slot.value = row.value;
}

export function clearSlot(slot: Slot): void {
  slot.meta = undefined;
  slot.value = null;
  slot.past = NOTHING;
  slot.replaced = [];
}

/**
 * The history of the key, with all that was replaced in it. Only for a slot that was changed, or
 * that was read whole: the history of another is in the database.
 */
export function historyBytes(slot: Slot): Uint8Array {
  if (slot.replaced.length > 0) slot.past = pastAfter(slot.replaced, slot.past);
  slot.replaced = [];
  return slot.past;
}

/** A key that is there, without its past. Undefined where the value is in the database alone. */
export function rowOf({ meta, value }: Slot): KvRow | undefined {
  return meta === undefined || value === null || meta.gone !== Gone.No ? undefined : { ...meta, value, past: NOTHING };
}
