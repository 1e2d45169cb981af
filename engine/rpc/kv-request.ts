import type { KvRequest, WriteOperation } from './kv.ts';

/** Whether a request changes something: then it needs the right to, and what became of it matters when it is not answered. */
export function isWriteRequest({ write, transact, openSession }: KvRequest): boolean {
  return Boolean(write ?? transact ?? openSession);
}

/** About what a request takes in memory. */
export function requestBytes({ get, write, scan, transact, history }: KvRequest): number {
  if (write) return FRAME_BYTES + writeBytes(write);
  if (transact) return transact.writes.reduce((sum, one) => sum + FRAME_BYTES + writeBytes(one), FRAME_BYTES);
  const key = get?.key ?? history?.key;
  return FRAME_BYTES + (key?.length ?? 0) + (scan ? scan.prefix.length + scan.after.length : 0);
}

const FRAME_BYTES = 64;

function writeBytes({ key, value }: WriteOperation): number {
  return key.length + value.length;
}
