/** Bounds that every layer agrees on. A request outside of them is refused with a sentence. */
export const MAX_KEY_BYTES = 4 * 1024;
export const MAX_VALUE_BYTES = 1024 * 1024;
export const MAX_SCAN_LIMIT = 10_000;
export const MAX_NODES = 9;
export const MAX_PARTITIONS = 256;
/** The largest gRPC message either side accepts: a full batch and some room. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** A node must accept the largest value with its key, and the frame around them. */
export const MIN_MESSAGE_BYTES = MAX_VALUE_BYTES + 64 * 1024;
/** Writes of one session that may be unacknowledged at a time. A client waits rather than exceed it. */
export const MAX_UNACKNOWLEDGED_WRITES = 4096;
/** Revisions of a key that its history holds besides the newest, and their bytes. */
export const MAX_PAST_REVISIONS = 5;
export const MAX_PAST_BYTES = 2048;
/** Ten years; longer ones are as good as none. */
export const MAX_TTL_MS = 10 * 365 * 24 * 60 * 60 * 1000;
/** Writes of one transaction. */
export const MAX_TRANSACTION_WRITES = 256;
export const MAX_TRANSACTION_BYTES = 2 * 1024 * 1024;
