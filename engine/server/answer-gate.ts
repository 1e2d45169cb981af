/**
 * Holds what is found for one caller within bounds: large answers are looked up only while the
 * caller takes those before. A request that has to wait goes on with `whenRoom`.
 */
export interface AnswerGate {
  /** Nobody is there any more to take an answer. */
  readonly isClosed: boolean;
  /** Whether one more answer may be looked up now. */
  readonly hasRoom: boolean;
  /** Calls back once, later, when it is worth to look again; also after the caller has gone. */
  whenRoom(retry: () => void): void;
  /** Makes room for an answer that comes from elsewhere and may be so large; false where there is none. */
  reserve(sizeBytes: number): boolean;
  /** The answer is there, or none will come. */
  release(sizeBytes: number): void;
}

/** For what has small answers. */
export const OPEN_GATE: AnswerGate = {
  isClosed: false,
  hasRoom: true,
  whenRoom: (retry) => void setImmediate(retry),
  reserve: () => true,
  release: () => undefined,
};
