import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import { decodeMembership } from '../codec/membership.ts';
import { CorruptDataError } from '../errors.ts';
import type { LogPoint, Membership } from '../../raft/types.ts';
import type { StateFacts } from '../types.ts';
import { kvTableName, partitionChecksum, pointChecksum } from './rows.ts';
import { SessionTable, type SessionLimits } from './sessions.ts';

type RawPartition = [
  group: number,
  applied: number,
  revision: number,
  keys: number,
  timeMs: number,
  rowsChecksum: number,
  checksum: number,
  sessionsOpened: number,
  sessionsChecksum: number,
];

/**
 * Reads what each group's state comes to, and checks that its rows are the ones that belong
 * to it. SQLite takes a damaged write-ahead log for one that ends early; what a checkpoint
 * had copied back from its lost part is then newer than the rest, page by page, and nothing
 * else would notice. Throws CorruptDataError or what SQLite throws.
 */
export function loadPartitions(database: Database.Database): Map<GroupId, StateFacts> {
  const partitions = new Map<GroupId, StateFacts>();
  const memberships = loadMemberships(database);
  const rows = database
    .prepare(
      `SELECT group_id, applied_index, revision, key_count, time_ms, rows_checksum, checksum, sessions_opened,
         sessions_checksum FROM partition_state`,
    )
    .raw()
    .all() as RawPartition[];
  for (const row of rows) {
    const [group, appliedIndex, revision, keyCount, timeMs, rowsChecksum, checksum, sessionsOpened, sessionsChecksum] =
      row;
    const membership = memberships.get(group) ?? null;
    const state = {
      appliedIndex,
      revision,
      keyCount,
      timeMs,
      rowsChecksum,
      sessionsOpened,
      sessionsChecksum,
      membership,
    };
    if (partitionChecksum(group, state) !== checksum) {
      throw new CorruptDataError(`the checksum of the applied index of group ${group} is wrong`);
    }
    checkRows(database, group, state);
    partitions.set(group, state);
  }
  return partitions;
}

function loadMemberships(database: Database.Database): Map<GroupId, Membership> {
  const rows = database.prepare('SELECT group_id, membership FROM partition_membership').raw().all();
  return new Map((rows as [GroupId, Buffer][]).map(([group, bytes]) => [group, decodeMembership(bytes)]));
}

function checkRows(database: Database.Database, group: GroupId, state: StateFacts): void {
  const [keys, checksum] = database
    .prepare(
      `SELECT count(*) FILTER (WHERE gone = 0), coalesce(sum(checksum), 0) & 4294967295 FROM ${kvTableName(group)}`,
    )
    .raw()
    .get() as [keys: number, checksum: number];
  if (keys !== state.keyCount || checksum !== state.rowsChecksum) {
    throw new CorruptDataError(`the rows of group ${group} are not those of entry ${state.appliedIndex}`);
  }
}

/** The client sessions of a group as its records tell. Throws CorruptDataError or what SQLite throws. */
export function loadSessions(
  database: Database.Database,
  group: GroupId,
  state: StateFacts,
  limits: SessionLimits,
): SessionTable {
  const sessions = new SessionTable(limits);
  const records = database
    .prepare('SELECT record FROM session_record WHERE group_id = ? ORDER BY applied_index')
    .pluck()
    .all(group) as Buffer[];
  for (const record of records) sessions.replay(record);
  if (sessions.opened !== state.sessionsOpened || sessions.checksum !== state.sessionsChecksum) {
    throw new CorruptDataError(`the client sessions of group ${group} are not those of entry ${state.appliedIndex}`);
  }
  return sessions;
}

/** Where the snapshots ended that were installed last. Throws CorruptDataError or what SQLite throws. */
export function loadRestoredPoints(database: Database.Database): Map<GroupId, LogPoint> {
  const points = new Map<GroupId, LogPoint>();
  const rows = database.prepare('SELECT group_id, log_index, log_term, checksum FROM restored_point').raw().all() as [
    group: number,
    index: number,
    term: number,
    checksum: number,
  ][];
  for (const [group, index, term, checksum] of rows) {
    if (pointChecksum(group, { index, term }) !== checksum) {
      throw new CorruptDataError(`the checksum of the snapshot of group ${group} is wrong`);
    }
    points.set(group, { index, term });
  }
  return points;
}
