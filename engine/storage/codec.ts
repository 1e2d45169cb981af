/** The hand-written encodings of proto/raft.proto that reach the disk. */
export { decodeCommand, encodeCommand, type Command, type Mutation } from './codec/command.ts';
export { decodeFacts, decodePiece, encodeFacts, encodeRows, encodeSessions } from './codec/snapshot.ts';
export type { SnapshotPiece } from './codec/snapshot.ts';
export { decodeEntries, encodeEntries, entrySize, visitEntries, writeEntry } from './codec/entries.ts';
