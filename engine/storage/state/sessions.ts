import { MAX_UNACKNOWLEDGED_WRITES } from '../../config/limits.ts';
import { CorruptDataError } from '../errors.ts';
import type { SessionRefusal } from '../types.ts';
import { AnswerWindow } from './answer-window.ts';
import { readRecord, RecordWriter, Step, type RecordVisitor, type StoredAnswer } from './session-codec.ts';

/** How much a group remembers for its clients. Part of the state machine: the same on every replica. */
export interface SessionLimits {
  readonly maxSessions: number;
  /** Answers of one session: a write further ahead of the first unacknowledged one is refused. */
  readonly maxAnswersPerSession: number;
  /** Of all sessions together. The session that was idle longest goes first. */
  readonly maxAnswers: number;
  /** A session that was not used for so long goes, by the time that commands carry. */
  readonly idleMs: number;
}

export const SESSION_LIMITS: SessionLimits = {
  maxSessions: 10_000,
  maxAnswersPerSession: MAX_UNACKNOWLEDGED_WRITES,
  maxAnswers: 131_072,
  idleMs: 60 * 60_000,
};

interface Session {
  readonly id: number;
  usedAtMs: number;
  readonly answers: AnswerWindow;
}

/** A record of changes becomes an image of the whole when the changes since the last have grown to this. */
const MIN_FOLD_BYTES = 64 * 1024;
const FOLD_FACTOR = 2;

function mix(hash: number, value: number): number {
  const low = Math.imul(hash ^ (value | 0), 0x85ebca6b);
  const both = value < 0x8000_0000 ? low : Math.imul(low ^ Math.floor(value / 0x1_0000_0000), 0xc2b2ae35);
  return both ^ (both >>> 15);
}

function headHash({ id, answers, usedAtMs }: Session): number {
  return mix(mix(mix(0x27d4eb2f, id), answers.acknowledged), usedAtMs);
}

function answerHash(id: number, sequence: number, answer: StoredAnswer): number {
  let hash = mix(mix(0x165667b1, id), sequence);
  for (let i = 0; i < answer.length; i++) hash = mix(hash, answer[i]!);
  return hash;
}

/** What a session has for a write that was applied before, or why the write may not be applied. */
export type SessionVerdict = { readonly answer: StoredAnswer } | { readonly refusal: SessionRefusal };

/**
 * The clients of one group with the answers that they may still ask for again (Raft
 * dissertation, section 6.3). A write names its session and its number in it; one that was
 * applied before is answered as then. Everything in here follows from the commands alone.
 * Changes gather in a record, which is stored in the transaction of the batch that made
 * them; all records since the last image, replayed in order, are the table again.
 */
export class SessionTable {
  readonly #limits: SessionLimits;
  readonly #minFoldBytes: number;
  /** The one that was idle longest first. */
  readonly #sessions = new Map<number, Session>();
  /** The last of them: one that is used again and again need not be put there each time. */
  #newest: Session | null = null;
  readonly #record = new RecordWriter();
  #opened = 0;
  #answers = 0;
  #checksum = 0;
  #timeMs = 0;
  /** No session is idle too long before this time, or there is none: times of use never fall. */
  #noneIdleBeforeMs = 0;
  /** As the record says it so far; -1 when it says nothing. */
  #recordedTimeMs = -1;
  #imageBytes = 0;
  #changeBytes = 0;

  /** `minFoldBytes`: see `takeRecord`; it changes what is stored, never what is answered. */
  constructor(limits: SessionLimits = SESSION_LIMITS, minFoldBytes = MIN_FOLD_BYTES) {
    this.#limits = limits;
    this.#minFoldBytes = minFoldBytes;
  }

  /** Sessions ever opened; also the id of the last. */
  get opened(): number {
    return this.#opened;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Over every session and answer, modulo 2^32. */
  get checksum(): number {
    return this.#checksum;
  }

  /** The time of the command that is applied now; sessions that were idle too long go. */
  advance(timeMs: number): void {
    this.#timeMs = timeMs;
    if (timeMs < this.#noneIdleBeforeMs) return;
    for (const session of this.#sessions.values()) {
      this.#noneIdleBeforeMs = session.usedAtMs + this.#limits.idleMs;
      if (timeMs < this.#noneIdleBeforeMs) return;
      this.#drop(session);
    }
  }

  /** Opens a session and returns its id, which no other ever has in this group. */
  open(): number {
    const id = this.#opened + 1;
    this.#note(Step.Open, id);
    this.#addSession(id);
    this.#shrink();
    return id;
  }

  /** What is known of a write, or null when it is to be applied now; `answered` has to follow then. */
  use(id: number, sequence: number, acknowledged: number): SessionVerdict | null {
    const session = this.#sessions.get(id);
    if (session === undefined) return { refusal: 'noSession' };
    const { answers } = session;
    this.#note(Step.Use, id);
    this.#record.add(Math.max(acknowledged, answers.acknowledged));
    this.#touch(session, acknowledged);
    if (sequence <= answers.acknowledged) return { refusal: 'acknowledged' };
    const known = answers.get(sequence);
    if (known !== undefined) return { answer: known };
    if (sequence > answers.acknowledged + this.#limits.maxAnswersPerSession) return { refusal: 'tooManyOpen' };
    return null;
  }

  /** The write that `use` was asked about last has this answer. */
  answered(id: number, sequence: number, answer: StoredAnswer): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#note(Step.Answer, sequence);
    this.#record.add(answer.length);
    for (let i = 0; i < answer.length; i++) this.#record.add(answer[i]!);
    this.#addAnswer(session, sequence, answer);
    this.#shrink();
  }

  /** What has changed since this was last called, and whether it makes all earlier records superfluous; null for nothing. */
  takeRecord(): { readonly bytes: Uint8Array; readonly isImage: boolean } | null {
    if (this.#record.length === 0) return null;
    this.#recordedTimeMs = -1;
    this.#changeBytes += this.#record.length;
    if (this.#changeBytes > Math.max(this.#minFoldBytes, FOLD_FACTOR * this.#imageBytes)) {
      this.#record.clear();
      const bytes = this.image();
      this.#imageBytes = bytes.length;
      this.#changeBytes = 0;
      return { bytes, isImage: true };
    }
    return { bytes: this.#record.take(), isImage: false };
  }

  /** The whole table as one record. */
  image(): Uint8Array {
    const writer = new RecordWriter();
    writer.add(Step.Image);
    writer.add(this.#opened);
    let timeMs = -1;
    for (const { id, usedAtMs, answers } of this.#sessions.values()) {
      if (usedAtMs !== timeMs) {
        timeMs = usedAtMs;
        writer.add(Step.Time);
        writer.add(timeMs);
      }
      writer.add(Step.Open);
      writer.add(id);
      writer.add(Step.Use);
      writer.add(id);
      writer.add(answers.acknowledged);
      answers.forEach((sequence, answer) => {
        writer.add(Step.Answer);
        writer.add(sequence);
        writer.add(answer.length);
        for (const number of answer) writer.add(number);
      });
    }
    return writer.take();
  }

  /** Makes the changes of a stored record once more. Throws CorruptDataError for one that does not fit. */
  replay(record: Uint8Array): void {
    let used: Session | undefined;
    const visitor: RecordVisitor = {
      image: (opened) => {
        this.#sessions.clear();
        this.#newest = null;
        this.#noneIdleBeforeMs = 0;
        this.#answers = 0;
        this.#checksum = 0;
        this.#opened = opened;
        this.#imageBytes = record.length;
        this.#changeBytes = -record.length;
      },
      time: (timeMs) => (this.#timeMs = timeMs),
      open: (id) => {
        if (this.#sessions.has(id)) throw new CorruptDataError(`session ${id} is opened twice`);
        this.#addSession(id);
      },
      drop: (id) => this.#remove(this.#known(id)),
      use: (id, acknowledged) => {
        used = this.#known(id);
        this.#touch(used, acknowledged);
      },
      answer: (sequence, answer) => {
        if (used === undefined) throw new CorruptDataError('an answer belongs to no session');
        const { acknowledged } = used.answers;
        if (sequence <= acknowledged || sequence > acknowledged + this.#limits.maxAnswersPerSession) {
          throw new CorruptDataError(`session ${used.id} cannot have an answer to write ${sequence}`);
        }
        this.#addAnswer(used, sequence, answer);
      },
    };
    readRecord(record, visitor);
    this.#changeBytes += record.length;
  }

  #known(id: number): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new CorruptDataError(`there is no session ${id}`);
    return session;
  }

  #note(step: number, value: number): void {
    if (this.#recordedTimeMs !== this.#timeMs) {
      this.#recordedTimeMs = this.#timeMs;
      this.#record.add(Step.Time);
      this.#record.add(this.#timeMs);
    }
    this.#record.add(step);
    this.#record.add(value);
  }

  #addSession(id: number): void {
    this.#opened = Math.max(this.#opened, id);
    const session: Session = { id, usedAtMs: this.#timeMs, answers: new AnswerWindow() };
    this.#sessions.set(id, session);
    this.#newest = session;
    this.#count(headHash(session));
  }

  #addAnswer(session: Session, sequence: number, answer: StoredAnswer): void {
    session.answers.add(sequence, answer);
    this.#answers++;
    this.#count(answerHash(session.id, sequence, answer));
  }

  #touch(session: Session, acknowledged: number): void {
    this.#count(-headHash(session));
    if (acknowledged > session.answers.acknowledged) this.#acknowledge(session, acknowledged);
    session.usedAtMs = this.#timeMs;
    if (session !== this.#newest) {
      this.#sessions.delete(session.id);
      this.#sessions.set(session.id, session);
      this.#newest = session;
    }
    this.#count(headHash(session));
  }

  /** Forgets the answers of the session up to that of a write. */
  #acknowledge({ id, answers }: Session, acknowledged: number): void {
    answers.acknowledge(acknowledged, (sequence, answer) => {
      this.#answers--;
      this.#count(-answerHash(id, sequence, answer));
    });
  }

  #shrink(): void {
    const { maxSessions, maxAnswers } = this.#limits;
    if (this.#sessions.size <= maxSessions && this.#answers <= maxAnswers) return;
    for (const session of this.#sessions.values()) {
      if (this.#sessions.size <= maxSessions && this.#answers <= maxAnswers) return;
      this.#drop(session);
    }
  }

  #drop(session: Session): void {
    this.#note(Step.Drop, session.id);
    this.#remove(session);
  }

  #remove(session: Session): void {
    this.#count(-headHash(session));
    this.#acknowledge(session, Infinity);
    this.#sessions.delete(session.id);
    if (session === this.#newest) this.#newest = null;
  }

  #count(hash: number): void {
    this.#checksum = (this.#checksum + hash) >>> 0;
  }
}
