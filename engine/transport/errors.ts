/** The Raft port could not be opened. The message says which one and what to do. */
export class TransportBindError extends Error {
  override readonly name = 'TransportBindError';
}
