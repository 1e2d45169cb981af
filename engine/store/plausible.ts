import { decodeConfChange } from '../raft/confchange-codec.ts';
import { CorruptEntryError } from '../raft/errors.ts';
import { EntryType, type Entry, type Message } from '../raft/types.ts';
import { decodeCommand } from '../storage/codec.ts';
import { CorruptDataError } from '../storage/errors.ts';
import { MAX_INDEX } from '../storage/log/rows.ts';

/** No cluster gets there by counting. */
export const MAX_TERM = 2 ** 48;

/**
 * Whether a peer's message may be taken in at all. An entry that is no command would be
 * committed like any other and then stop every replica that has to apply it, at each start
 * again; a term near 2^53 would leave no room for the next election.
 */
export function isPlausible(message: Message): boolean {
  if (message.term > MAX_TERM || message.index > MAX_INDEX) return false;
  return message.entries.every(isPlausibleEntry);
}

function isPlausibleEntry({ index, term, type, data }: Entry): boolean {
  if (index > MAX_INDEX || term > MAX_TERM) return false;
  if (type === EntryType.Normal && data.length === 0) return true;
  try {
    if (type === EntryType.ConfChange) decodeConfChange(data);
    else decodeCommand(data);
    return true;
  } catch (error) {
    if (error instanceof CorruptDataError || error instanceof CorruptEntryError) return false;
    throw error;
  }
}
