import type { KvResponse } from '../rpc/kv.ts';

const ANSWER_BYTES = 128;

/** About what an answer takes in memory, bytes. */
export function answerBytes(result: KvResponse): number {
  let bytes = ANSWER_BYTES + (result.entry?.value.length ?? 0);
  if (result.entries.length + result.revisions.length + result.results.length === 0) return bytes;
  for (const entry of result.entries) bytes += ANSWER_BYTES + entry.key.length + entry.value.length;
  for (const revision of result.revisions) bytes += ANSWER_BYTES + revision.value.length;
  for (const { entry } of result.results) bytes += ANSWER_BYTES + (entry?.key.length ?? 0);
  return bytes;
}
