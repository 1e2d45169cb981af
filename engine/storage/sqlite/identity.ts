import type Database from 'better-sqlite3';
import { DATA_FORMAT_VERSION } from '../../config/node-config.ts';
import { CorruptStorageError, UnknownFormatError, WrongOwnerError } from '../errors.ts';

/** Whose data a directory holds. */
export interface StorageIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
}

/** What a database file is for, so that one is never opened as another. */
export type DatabaseKind = 'log' | 'state';

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
    .run(kind, DATA_FORMAT_VERSION, identity.clusterId, identity.nodeId);
}

/**
 * Refuses a database of another format, kind, cluster or node. The version is looked at
 * first and alone, since nothing else is known to mean the same in another one.
 */
export function checkIdentity(
  database: Database.Database,
  file: string,
  kind: DatabaseKind,
  identity: StorageIdentity,
  advice: string,
): void {
  const version = database.prepare('SELECT format_version FROM meta').pluck().get() as number | undefined;
  if (version === undefined) throw new CorruptStorageError(file, 'it does not say whose it is', advice);
  if (version !== DATA_FORMAT_VERSION) {
    throw new UnknownFormatError(
      `${file} has format ${version}; this version of PrkDB reads format ${DATA_FORMAT_VERSION}. ` +
        'Start the node with the version that wrote it. Nothing was changed.',
    );
  }
  const found = database.prepare('SELECT kind, cluster_id AS clusterId, node_id AS nodeId FROM meta').get() as {
    kind: string;
    clusterId: string;
    nodeId: number;
  };
  if (found.kind !== kind) {
    throw new WrongOwnerError(`${file} is a ${found.kind} database and cannot be opened as the ${kind} of a node.`);
  }
  if (found.clusterId !== identity.clusterId || found.nodeId !== identity.nodeId) {
    throw new WrongOwnerError(
      `${file} belongs to node ${found.nodeId} of cluster ${found.clusterId}, but this is node ${identity.nodeId} of ` +
        `cluster ${identity.clusterId}. Give this node its own data directory, or start it with the configuration that ` +
        'goes with this one. Nothing was changed.',
    );
  }
}
