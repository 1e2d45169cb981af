import type Database from 'better-sqlite3';
import { CorruptStorageError, UnknownFormatError, WrongOwnerError } from '../errors.ts';

/** Whose data a directory holds. */
export interface StorageIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
}

/** What a database file is for, so that one is never opened as another. */
export type DatabaseKind = 'log' | 'state';

/** The format that this version writes. An older one is brought up to it, a newer one refused. */
const FORMAT_VERSIONS: Readonly<Record<DatabaseKind, number>> = { log: 1, state: 3 };

/** Brings a database from one format to the next. Runs inside of a transaction. */
export type Migrate = (database: Database.Database, fromVersion: number) => void;

/** Whether nothing was ever created in this database: a new file, or a crash during the first start. */
export function isNewDatabase(database: Database.Database): boolean {
  return database.prepare('SELECT count(*) FROM sqlite_master').pluck().get() === 0;
}

/** Part of the transaction that creates a database. */
export function createIdentity(database: Database.Database, kind: DatabaseKind, identity: StorageIdentity): void {
  database.exec(
    `CREATE TABLE meta (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       kind TEXT NOT NULL,
       format_version INTEGER NOT NULL,
       cluster_id TEXT NOT NULL,
       node_id INTEGER NOT NULL
     ) STRICT`,
  );
  database
    .prepare('INSERT INTO meta VALUES (1, ?, ?, ?, ?)')
    .run(kind, FORMAT_VERSIONS[kind], identity.clusterId, identity.nodeId);
}

/**
 * Refuses a database of a newer format, or of another kind, cluster or node, and migrates one
 * of an older format. What it is for and its version are looked at first and alone, since
 * nothing else is known to mean the same in a newer one.
 */
export function checkIdentity(
  database: Database.Database,
  file: string,
  kind: DatabaseKind,
  identity: StorageIdentity,
  advice: string,
  migrate: Migrate = () => {},
): void {
  const found = database.prepare('SELECT kind, format_version AS version FROM meta').get() as
    { kind: string; version: number } | undefined;
  if (found === undefined) throw new CorruptStorageError(file, 'it does not say whose it is', advice);
  if (found.kind !== kind) {
    throw new WrongOwnerError(`${file} is a ${found.kind} database and cannot be opened as the ${kind} of a node.`);
  }
  const { version } = found;
  const current = FORMAT_VERSIONS[kind];
  if (version > current || version < 1) {
    throw new UnknownFormatError(
      `${file} has format ${version}; this version of PrkDB reads format ${current}. ` +
        'Start the node with the version that wrote it. Nothing was changed.',
    );
  }
  const owner = database.prepare('SELECT cluster_id AS clusterId, node_id AS nodeId FROM meta').get() as {
    clusterId: string;
    nodeId: number;
  };
  if (owner.clusterId !== identity.clusterId || owner.nodeId !== identity.nodeId) {
    throw new WrongOwnerError(
      `${file} belongs to node ${owner.nodeId} of cluster ${owner.clusterId}, but this is node ${identity.nodeId} of ` +
        `cluster ${identity.clusterId}. Give this node its own data directory, or start it with the configuration that ` +
        'goes with this one. Nothing was changed.',
    );
  }
  if (version === current) return;
  database.transaction(() => {
    for (let from = version; from < current; from++) migrate(database, from);
    database.prepare('UPDATE meta SET format_version = ?').run(current);
  })();
}
