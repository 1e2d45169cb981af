import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { LogPoint, Term } from '../../raft/types.ts';
import { encodeMembership } from '../codec/membership.ts';
import { CorruptDataError, StorageUsageError } from '../errors.ts';
import { Gone, type KvRow, type StateFacts } from '../types.ts';
import {
  createKvTable,
  INSERT_COLUMNS,
  INSERT_VALUES,
  kvTableName,
  partitionValues,
  pointChecksum,
  PUT_MEMBERSHIP,
  PUT_PARTITION,
  restoringTableName,
  rowValues,
  TRASH_PREFIX,
} from './rows.ts';
import { SessionRecords } from './session-records.ts';
import type { SessionTable } from './sessions.ts';

/** More sessions than the limits allow to any leader. */
const MAX_SESSIONS_BYTES = 64 * 1024 * 1024;

/** Gathers a snapshot's rows in a table beside the group's, then puts it in its place. */
export class StagedRestore {
  readonly group: GroupId;
  readonly facts: StateFacts;
  readonly point: LogPoint;
  /** The group's, once installed. */
  readonly sessions: SessionTable;
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #writeAll: (rows: readonly KvRow[]) => void;
  #keyCount = 0;
  #rowsChecksum = 0;
  #sessionParts: Uint8Array[] = [];
  #sessionBytes = 0;
  #ended = false;

  constructor(database: Database.Database, group: GroupId, facts: StateFacts, term: Term, sessions: SessionTable) {
    this.sessions = sessions;
    this.#database = database;
    this.group = group;
    this.facts = facts;
    this.point = { index: facts.appliedIndex, term };
    const table = restoringTableName(group);
    database.exec(`DROP TABLE IF EXISTS ${table}`);
    createKvTable(database, table);
    this.#insert = database.prepare(`INSERT INTO ${table} (${INSERT_COLUMNS}) VALUES ${INSERT_VALUES}`);
    this.#writeAll = database.transaction((rows: readonly KvRow[]) => {
      for (const row of rows) this.#writeRow(row);
    });
  }

  /** One transaction. */
  write(rows: readonly KvRow[]): void {
    if (this.#ended) throw new StorageUsageError(`the restore of group ${this.group} has ended`);
    this.#writeAll(rows);
  }

  /** Parts past what any leader can have are dropped: then the checksum says that something is missing. */
  writeSessions(bytes: Uint8Array): void {
    this.#sessionBytes += bytes.length;
    if (this.#sessionBytes <= MAX_SESSIONS_BYTES) this.#sessionParts.push(Uint8Array.prototype.slice.call(bytes));
  }

  /**
   * Durable when it returns true; false when rows or sessions are not those that were promised. The
   * rows that were there before wait in a table of trash.
   */
  install(trashNumber: number): boolean {
    if (this.#ended) throw new StorageUsageError(`the restore of group ${this.group} has ended`);
    const { group, facts, point } = this;
    const image = Buffer.concat(this.#sessionParts);
    const isRows = this.#keyCount === facts.keyCount && this.#rowsChecksum === facts.rowsChecksum;
    if (!isRows || !this.#takeSessions(image)) {
      this.abort();
      return false;
    }
    this.#ended = true;
    const { membership } = facts;
    const table = kvTableName(group);
    // The commit alone is synced, and with it everything written before.
    this.#database.pragma('synchronous = FULL');
    try {
      this.#database.transaction(() => {
        createKvTable(this.#database, table);
        this.#database.exec(`ALTER TABLE ${table} RENAME TO ${TRASH_PREFIX}${trashNumber}`);
        this.#database.exec(`ALTER TABLE ${restoringTableName(group)} RENAME TO ${table}`);
        this.#database.prepare(PUT_PARTITION).run(...partitionValues(group, facts));
        if (membership !== null) this.#database.prepare(PUT_MEMBERSHIP).run(group, encodeMembership(membership));
        new SessionRecords(this.#database).replace(group, point.index, image);
        this.#database
          .prepare('INSERT OR REPLACE INTO restored_point VALUES (?, ?, ?, ?)')
          .run(group, point.index, point.term, pointChecksum(group, point));
      })();
    } finally {
      this.#database.pragma('synchronous = NORMAL');
    }
    return true;
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#database.exec(`DROP TABLE IF EXISTS ${restoringTableName(this.group)}`);
  }

  /** False when these are not the sessions that the facts promised. */
  #takeSessions(image: Uint8Array): boolean {
    try {
      this.sessions.replay(image);
    } catch (error) {
      if (error instanceof CorruptDataError) return false;
      throw error;
    }
    const { sessionsOpened, sessionsChecksum } = this.facts;
    return this.sessions.opened === sessionsOpened && this.sessions.checksum === sessionsChecksum;
  }

  #writeRow(row: KvRow): void {
    const { checksum, values } = rowValues(row);
    if (row.gone === Gone.No) this.#keyCount++;
    this.#rowsChecksum = (this.#rowsChecksum + checksum) >>> 0;
    this.#insert.run(row.key, ...values);
  }
}
