import { WireReader, writeVarint } from '../codec/wire.ts';
import { CorruptDataError } from '../errors.ts';

/**
 * What a write came to, as numbers: its kind, then what that kind has. Kept for the client
 * that asks again. See `answer.ts`.
 */
export type StoredAnswer = readonly number[];

/** Steps of a record. Numbers follow each as varints. */
export const Step = {
  /** Forget everything: what follows is the whole. Then the number of sessions ever opened. */
  Image: 1,
  /** The time of the steps that follow. */
  Time: 2,
  /** A session is opened: its id. */
  Open: 3,
  /** A session goes: its id. */
  Drop: 4,
  /** A session is used: its id, and up to which write it has its answers. */
  Use: 5,
  /** The session used last has an answer more: the write, how many numbers, and these. */
  Answer: 6,
} as const;

const FIRST_BYTES = 1024;

/** Collects the numbers of a record. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A safe integer of at least 0. */
  add(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#length = writeVarint(this.#bytes, this.#length, value);
  }

  /** The bytes so far, as a copy; begins anew. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  clear(): void {
    this.#length = 0;
  }
}

export interface RecordVisitor {
  image(opened: number): void;
  time(timeMs: number): void;
  open(id: number): void;
  drop(id: number): void;
  use(id: number, acknowledged: number): void;
  answer(sequence: number, answer: StoredAnswer): void;
}

/** An answer has few numbers; a batch of writes as many as its writes have. */
const MAX_ANSWER_NUMBERS = 16_384;

/** Calls the visitor with each step of a record. Throws CorruptDataError for what is none. */
export function readRecord(bytes: Uint8Array, visitor: RecordVisitor): void {
  const reader = new WireReader(bytes, 0, bytes.length);
  while (!reader.done) {
    const step = reader.varint();
    switch (step) {
      case Step.Image:
        visitor.image(reader.varint());
        break;
      case Step.Time:
        visitor.time(reader.varint());
        break;
      case Step.Open:
        visitor.open(reader.varint());
        break;
      case Step.Drop:
        visitor.drop(reader.varint());
        break;
      case Step.Use:
        visitor.use(reader.varint(), reader.varint());
        break;
      case Step.Answer: {
        const sequence = reader.varint();
        const count = reader.varint();
        if (count > MAX_ANSWER_NUMBERS) throw new CorruptDataError(`an answer of a session has ${count} numbers`);
        visitor.answer(
          sequence,
          Array.from({ length: count }, () => reader.varint()),
        );
        break;
      }
      default:
        throw new CorruptDataError(`a record of sessions has the unknown step ${step}`);
    }
  }
}
