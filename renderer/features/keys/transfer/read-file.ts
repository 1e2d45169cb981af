import { BATCH_BYTES, BATCH_KEYS } from './batch.ts';
import { CsvReader } from './csv.ts';
import { JsonLinesReader } from './json-lines.ts';
import { toBase64 } from '../bytes.ts';
import type { ReadRecord, RecordReader } from './record.ts';

export type FileFormat = 'jsonl' | 'csv';

/** As the contract has it, in base64. */
export interface FileEntry {
  readonly key: string;
  readonly value: string;
  readonly expiresAtMs: number | null;
}

/** A part of a file: records that may be written at once, and the lines between them that are wrong. */
export interface FileBatch {
  readonly entries: readonly FileEntry[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** How much of the file has been read. */
  readonly readBytes: number;
}

/** By its name, else by how it begins. */
export function formatOf(name: string, beginning: string): FileFormat {
  if (/\.csv$/i.test(name)) return 'csv';
  if (/\.(jsonl|ndjson|json)$/i.test(name)) return 'jsonl';
  return beginning.trimStart().startsWith('{') ? 'jsonl' : 'csv';
}

/**
 * The file's records in order, batch by batch. A key stands in a batch only once, so that of
 * two records for it the later one counts. Throws when the file is no UTF-8 text.
 */
export async function* readFile(file: Blob, format: FileFormat): AsyncGenerator<FileBatch, void, undefined> {
  const reader: RecordReader = format === 'csv' ? new CsvReader() : new JsonLinesReader();
  const batch = new Batch();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array<ArrayBuffer>): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new Error('The file is not UTF-8 text. Export bytes that are no text as base64.');
    }
  };
  let readBytes = 0;
  const stream = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await stream.read();
      readBytes += value?.length ?? 0;
      const text = decode(value);
      for (const read of done ? [...reader.push(text), ...reader.end()] : reader.push(text)) {
        if (batch.mustGoFirst(read)) yield batch.take(readBytes);
        batch.add(read);
      }
      if (done) break;
    }
    yield batch.take(readBytes);
  } finally {
    await stream.cancel();
  }
}

class Batch {
  #entries = new Map<string, FileEntry>();
  #problems: { line: number; message: string }[] = [];
  #sizeBytes = 0;

  /** Whether what is gathered must be handed on before this is added. */
  mustGoFirst(read: ReadRecord): boolean {
    if (this.#problems.length >= BATCH_KEYS) return true;
    if (!read.ok || this.#entries.size === 0) return false;
    const size = read.record.key.length + read.record.value.length;
    return (
      this.#entries.size >= BATCH_KEYS ||
      this.#sizeBytes + size > BATCH_BYTES ||
      this.#entries.has(toBase64(read.record.key))
    );
  }

  add(read: ReadRecord): void {
    if (!read.ok) {
      this.#problems.push({ line: read.line, message: read.message });
      return;
    }
    const { key, value, expiresAtMs } = read.record;
    const name = toBase64(key);
    this.#entries.set(name, { key: name, value: toBase64(value), expiresAtMs });
    this.#sizeBytes += key.length + value.length;
  }

  take(readBytes: number): FileBatch {
    const entries = [...this.#entries.values()];
    const problems = this.#problems;
    this.#entries = new Map();
    this.#problems = [];
    this.#sizeBytes = 0;
    return { entries, problems, readBytes };
  }
}
