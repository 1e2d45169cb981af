/** The hand-written encodings of proto/raft.proto that reach the disk. */
export { decodeCommand, encodeCommand, type Command, type Mutation } from './codec/command.ts';
export { decodeFacts, decodeRows, encodeFacts, encodeRows } from './codec/snapshot.ts';
export { decodeEntries, encodeEntries, entrySize, visitEntries, writeEntry } from './codec/entries.ts';
