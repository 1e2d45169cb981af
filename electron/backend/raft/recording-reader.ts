import { raftRecordSchema, type RaftRecord } from '../../contract/recording.ts';
import type { RecordingStore } from './recording-store.ts';

/** Every line begins with its kind; most of another partition's need not be parsed to be left out. */
const ofPartition = /^\{"kind":"\w+","partition":(\d+),/;

/** What of a segment concerns one partition, from `after` on; see RecordingStore.read. */
export async function readRecords(
  store: RecordingStore,
  partition: number,
  segment: number,
  after: number,
): Promise<{ records: RaftRecord[]; after: number; isEnd: boolean }> {
  const page = await store.read(segment, after);
  if (page === null) return { records: [], after, isEnd: true };
  const records = page.lines.flatMap((line): RaftRecord[] => {
    const named = ofPartition.exec(line)?.[1];
    if (named !== undefined && Number(named) !== partition) return [];
    return parse(line);
  });
  return { records, after: page.after, isEnd: page.isEnd };
}

/** A torn or foreign line costs that line only. */
function parse(line: string): RaftRecord[] {
  try {
    const parsed = raftRecordSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
