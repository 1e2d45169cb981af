/** What was recovered from disk cannot be the state of one group: nothing may be served from it. */
export class InvalidInitialStateError extends Error {
  override readonly name = 'InvalidInitialStateError';
}

/** The driver broke the order that `Ready` asks for; the group must not go on. */
export class DriverOrderError extends Error {
  override readonly name = 'DriverOrderError';
}

/** A committed entry whose data are none of our encodings: nothing after it can be applied. */
export class CorruptEntryError extends Error {
  override readonly name = 'CorruptEntryError';
}
