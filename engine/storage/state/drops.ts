import path from 'node:path';
import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { LogPoint } from '../../raft/types.ts';
import { CorruptDataError, CorruptStorageError } from '../errors.ts';
import { LOG_ADVICE } from '../log/open-database.ts';
import { areSame, DROPS_FILE, readDropsFile, writeDropsFile, type Drop, type DropsByGroup } from './drops-file.ts';
import { kvTableName, restoringTableName, TRASH_PREFIX } from './rows.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS dropped_replica (
    group_id INTEGER PRIMARY KEY,
    finished INTEGER NOT NULL,
    last_index INTEGER NOT NULL,
    last_term INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Replicas that this node gave up. A mark comes first and is durable, then the log goes, then the
 * rows: a crash in between leaves the mark, and whoever starts next goes on from there. What is
 * finished keeps its mark, so that the replica never comes back as what it was founded as, nor
 * votes before it holds again what it held. Both ends are durable: were the second taken back, the
 * log of the replica's next life would be taken for what is left of this one.
 *
 * The marks are promises to the others, as a term and a vote are, and the database may be taken away
 * to be rebuilt from the log. So they lie in a file beside it too, which fills a database that is new.
 * What the database knows of a group counts: the file has a mark before it, but its end after it.
 */
export class Drops {
  readonly #database: Database.Database;
  readonly #file: string;
  readonly #drops = new Map<GroupId, Drop>();

  /** The database must be a file. Throws what a start must fail with. */
  constructor(database: Database.Database) {
    this.#database = database;
    this.#file = path.join(path.dirname(database.name), DROPS_FILE);
    database.exec(SCHEMA);
    const rows = database.prepare('SELECT group_id, finished, last_index, last_term FROM dropped_replica').raw();
    for (const [group, finished, index, term] of rows.all() as [number, number, number, number][]) {
      this.#drops.set(group, { finished: finished === 1, end: { index, term } });
    }
    this.#matchFile();
  }

  #matchFile(): void {
    const kept = this.#readFile();
    const missing = [...kept].filter(([group]) => !this.#drops.has(group));
    if (missing.length > 0) {
      const note = this.#database.transaction(() => {
        for (const [group, { finished, end }] of missing) this.#note(group, finished, end);
      });
      this.#durably(note);
    }
    if (!areSame(kept, this.#drops)) writeDropsFile(this.#file, this.#drops);
  }

  #readFile(): DropsByGroup {
    try {
      return readDropsFile(this.#file) ?? new Map();
    } catch (error) {
      if (!(error instanceof CorruptDataError)) throw error;
      // A database with something in it has all marks itself.
      const isUsed =
        this.#drops.size > 0 || this.#database.prepare('SELECT 1 FROM partition_state').get() !== undefined;
      if (isUsed) return new Map();
      const found = 'it says which replicas this node gave up, and the state that says so too is gone';
      throw new CorruptStorageError(this.#file, found, LOG_ADVICE, { cause: error });
    }
  }

  /** Begun and not finished. */
  begun(): GroupId[] {
    return [...this.#drops].filter(([, { finished }]) => !finished).map(([group]) => group);
  }

  /** Where the log ended when the replica was last given up; null if it never was. */
  endOf(group: GroupId): LogPoint | null {
    return this.#drops.get(group)?.end ?? null;
  }

  /** Durable when it returns. */
  begin(group: GroupId, end: LogPoint): void {
    writeDropsFile(this.#file, new Map(this.#drops).set(group, { finished: false, end }));
    this.#durably(() => this.#note(group, false, end));
  }

  /** Takes the rows away, into a table of trash. Durable when it returns. */
  finish(group: GroupId, trashNumber: number): void {
    const table = kvTableName(group);
    const end = this.endOf(group) ?? { index: 0, term: 0 };
    const finish = this.#database.transaction(() => {
      this.#database.exec(`DROP TABLE IF EXISTS ${restoringTableName(group)}`);
      const isThere = this.#database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(table) !== undefined;
      if (isThere) this.#database.exec(`ALTER TABLE ${table} RENAME TO ${TRASH_PREFIX}${trashNumber}`);
      else this.#database.exec(`CREATE TABLE ${TRASH_PREFIX}${trashNumber} (id INTEGER PRIMARY KEY) STRICT`);
      for (const facts of ['partition_state', 'partition_membership', 'restored_point', 'session_record']) {
        this.#database.prepare(`DELETE FROM ${facts} WHERE group_id = ?`).run(group);
      }
      this.#note(group, true, end);
    });
    this.#durably(finish);
    writeDropsFile(this.#file, this.#drops);
  }

  #note(group: GroupId, finished: boolean, end: LogPoint): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO dropped_replica VALUES (?, ?, ?, ?)')
      .run(group, finished ? 1 : 0, end.index, end.term);
    this.#drops.set(group, { finished, end });
  }

  #durably(run: () => void): void {
    this.#database.pragma('synchronous = FULL');
    try {
      run();
    } finally {
      this.#database.pragma('synchronous = NORMAL');
    }
  }
}
