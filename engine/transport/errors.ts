/** A frame from a peer that is not a frame. The message says what is wrong with it. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
}

/** The Raft port could not be opened. The message says which one and what to do. */
export class TransportBindError extends Error {
  override readonly name = 'TransportBindError';
}
