import type { RaftRecordingFile } from '../../../electron/contract/recording.ts';
import type { Recording } from './recording.ts';

/** A recording of fifteen minutes has a few megabytes; what is much larger is something else. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

export function recordingAsText(file: {
  readonly cluster: string;
  readonly partition: number;
  readonly savedAtMs: number;
  readonly recording: Recording;
}): string {
  const { cluster, partition, savedAtMs, recording } = file;
  const whole: RaftRecordingFile = {
    format: 'prkdb-raft-recording',
    version: 1,
    cluster,
    partition,
    savedAtMs,
    segments: recording.map((segment) => ({ ...segment })),
  };
  return `${JSON.stringify(whole)}\n`;
}

/** Why a file is not opened, in words for the user. */
export class NotARecording extends Error {
  override readonly name = 'NotARecording';
}

/** Reads a file that was saved here or elsewhere. Throws NotARecording, and nothing else. */
export async function parseRecordingFile(text: string): Promise<RaftRecordingFile> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NotARecording('The file is not JSON. Open one that was saved with “Save recording”.');
  }
  // The schemas are loaded only for this: a file may hold anything.
  const { raftRecordingFileSchema } = await import('./recording-schema.ts');
  const parsed = raftRecordingFileSchema.safeParse(json);
  if (!parsed.success) {
    throw new NotARecording('The file is no recording of a partition. Open one that was saved with “Save recording”.');
  }
  if (!parsed.data.segments.some(({ records }) => records.some((record) => record.kind === 'partition'))) {
    throw new NotARecording('The recording in the file is empty.');
  }
  return parsed.data;
}
