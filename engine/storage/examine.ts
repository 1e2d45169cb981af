import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { GroupId } from '../config/ids.ts';
import { checkRecovered } from './check-recovered.ts';
import { StorageError } from './errors.ts';
import { LOG_ADVICE, openLogDatabase } from './log/open-database.ts';
import type { StorageIdentity } from './sqlite/identity.ts';
import { FileLock } from './sqlite/lock.ts';
import { storageErrorOf } from './sqlite/sqlite-errors.ts';
import { connectState } from './state/connection.ts';
import { DROPS_FILE } from './state/drops-file.ts';
import { openStateMachine } from './state/state-machine.ts';
import type { RecoveredLog, ReplicaDrops, StateMachine } from './types.ts';

/** What was found of one thing that was looked at. */
export interface Finding {
  /** problem: the node does not start, or must not. notice: nothing that harms. */
  readonly severity: 'good' | 'notice' | 'problem';
  readonly what: string;
  /** What is so, and for a problem what to do. */
  readonly message: string;
}

export const LOG_FILE = 'raft-log.db';
export const STATE_FILE = 'state.db';
const COMPANIONS = ['', '-wal', '.mark'];
/** Left for everybody else of what has to hold the copies. */
const SPARE_BYTES = 64 * 1024 * 1024;
const PAGE_BYTES = 4 * 1024 * 1024;

/** Every file of a data directory that belongs to its databases. */
export const STORAGE_FILES: ReadonlySet<string> = new Set(
  [LOG_FILE, STATE_FILE]
    .flatMap((name) => [...COMPANIONS, '-shm', '.lock'].map((companion) => name + companion))
    .concat(DROPS_FILE, `${DROPS_FILE}.new`),
);

/**
 * Checks the log and the state machine of a node that does not run as a start of it would,
 * and reads every row besides. SQLite changes a database even when it only reads, so it
 * works on copies in the directory for temporary files: the data directory stays as it is,
 * byte for byte. Throws StorageLockedError while the node runs, and StorageUnavailableError or
 * the system's error where the copies cannot be made.
 */
export function examineStorage(dataDir: string, identity: StorageIdentity): Finding[] {
  const file = (name: string) => path.join(dataDir, name);
  const locks: FileLock[] = [];
  const copies = mkdtempSync(path.join(os.tmpdir(), 'prkdb-doctor-'));
  try {
    // Where there is no lock file no node has ever opened the database; making one would change the directory.
    for (const name of [LOG_FILE, STATE_FILE]) {
      if (existsSync(file(`${name}.lock`))) locks.push(new FileLock(file(name)));
    }
    const present = [LOG_FILE, STATE_FILE].filter((name) => existsSync(file(name)));
    if (present.length === 0) {
      return [{ severity: 'notice', what: dataDir, message: 'There is no data yet: the node has never run.' }];
    }
    copy(dataDir, copies);
    // Errors name the file that was looked at; the reader is to find the one it was copied from.
    const words = (error: unknown): string => {
      if (!(error instanceof StorageError)) throw error;
      return error.message.replaceAll(copies, dataDir);
    };
    return new Examiner(dataDir, copies, identity, words).run();
  } finally {
    rmSync(copies, { recursive: true, force: true });
    for (const lock of locks) lock.release();
  }
}

function copy(from: string, to: string): void {
  const names = [LOG_FILE, STATE_FILE].flatMap((name) => COMPANIONS.map((companion) => name + companion));
  const there = [...names, DROPS_FILE].filter((name) => existsSync(path.join(from, name)));
  const neededBytes = there.reduce((sum, name) => sum + statSync(path.join(from, name)).size, SPARE_BYTES);
  const { bavail, bsize } = statfsSync(to);
  if (bavail * bsize < neededBytes) {
    throw new StorageError(
      `The check works on copies, and ${path.dirname(to)} has too little room for them: ${neededBytes} bytes are needed. Set TMPDIR to a directory that has.`,
    );
  }
  for (const name of there) copyFileSync(path.join(from, name), path.join(to, name), constants.COPYFILE_FICLONE);
}

class Examiner {
  readonly #dataDir: string;
  readonly #copies: string;
  readonly #identity: StorageIdentity;
  readonly #words: (error: unknown) => string;
  readonly #findings: Finding[] = [];

  constructor(dataDir: string, copies: string, identity: StorageIdentity, words: (error: unknown) => string) {
    this.#dataDir = dataDir;
    this.#copies = copies;
    this.#identity = identity;
    this.#words = words;
  }

  run(): Finding[] {
    const log = this.#try(LOG_FILE, () => this.#log());
    const state = this.#try(STATE_FILE, () => this.#state());
    if (log !== null && state !== null) {
      this.#try(LOG_FILE, () => this.#together(log, state));
    }
    state?.machine.close();
    return this.#findings;
  }

  #log(): ReadonlyMap<GroupId, RecoveredLog> {
    this.#mustExist(LOG_FILE, `its log is gone. ${LOG_ADVICE}`);
    const file = path.join(this.#copies, LOG_FILE);
    let groups: ReadonlyMap<GroupId, RecoveredLog>;
    try {
      const { database, recovery } = openLogDatabase(file, this.#identity);
      database.close();
      ({ groups } = recovery);
    } catch (error) {
      throw storageErrorOf(file, error, LOG_ADVICE);
    }
    let entries = 0;
    for (const [group, { hardState, lastIndex, snapshotIndex }] of groups) {
      entries += lastIndex - snapshotIndex;
      if (hardState.commitIndex <= lastIndex) continue;
      throw new StorageError(
        `Group ${group} has committed entry ${hardState.commitIndex}, but its log ends with ${lastIndex}. ${LOG_ADVICE}`,
      );
    }
    this.#good(
      LOG_FILE,
      `whole: ${groups.size} groups, ${entries} entries, each of them contiguous and as it was written`,
    );
    return groups;
  }

  #state(): { machine: StateMachine & ReplicaDrops; groups: readonly GroupId[] } {
    this.#mustExist(
      STATE_FILE,
      'its state machine is gone. The node rebuilds it from its log at the next start; where the log no longer reaches back so far, the node says so, and what to do then.',
    );
    const file = path.join(this.#copies, STATE_FILE);
    const { groups, leftovers } = this.#tables(file);
    const machine = openStateMachine({ file, identity: this.#identity });
    try {
      let keys = 0;
      for (const group of groups) keys += readEverything(machine, group);
      this.#good(STATE_FILE, `whole: ${groups.length} groups, ${keys} keys, each of them as it was written`);
    } catch (error) {
      machine.close();
      throw error;
    }
    if (leftovers > 0) {
      const message = `${leftovers === 1 ? 'a table is' : `${leftovers} tables are`} left of a snapshot; the next start removes ${leftovers === 1 ? 'it' : 'them'}`;
      this.#findings.push({ severity: 'notice', what: STATE_FILE, message });
    }
    return { machine, groups };
  }

  /** Before the state machine opens it, which removes what is left over. Empty for what is no such database; opening it says why. */
  #tables(file: string): { groups: GroupId[]; leftovers: number } {
    try {
      const database = connectState(file);
      try {
        const groups = database.prepare('SELECT group_id FROM partition_state ORDER BY 1').pluck().all() as GroupId[];
        const leftovers = database
          .prepare("SELECT count(*) FROM sqlite_schema WHERE name GLOB 'trash_*' OR name GLOB 'restoring_*'")
          .pluck()
          .get() as number;
        return { groups, leftovers };
      } finally {
        database.close();
      }
    } catch {
      return { groups: [], leftovers: 0 };
    }
  }

  #together(
    log: ReadonlyMap<GroupId, RecoveredLog>,
    state: { machine: StateMachine & ReplicaDrops; groups: readonly GroupId[] },
  ): void {
    const recovered = { recovered: (group: GroupId) => log.get(group) };
    checkRecovered(recovered, state.machine, new Set([...log.keys(), ...state.groups]));
    this.#good('both', 'the log holds all that was applied and not cut');
  }

  #mustExist(name: string, otherwise: string): void {
    if (existsSync(path.join(this.#copies, name))) return;
    throw new StorageError(`${path.join(this.#dataDir, name)} is missing: ${otherwise}`);
  }

  #try<T>(what: string, look: () => T): T | null {
    try {
      return look();
    } catch (error) {
      this.#findings.push({ severity: 'problem', what, message: this.#words(error) });
      return null;
    }
  }

  #good(what: string, message: string): void {
    this.#findings.push({ severity: 'good', what, message });
  }
}

/**
 * Reads every row of a group as a snapshot does, also those of keys that are gone, and all with their
 * histories, which checks them. Returns how many keys are there.
 */
function readEverything(machine: StateMachine, group: GroupId): number {
  const source = machine.openSnapshot(group);
  try {
    let after: Uint8Array = new Uint8Array(0);
    for (;;) {
      const { rows, more } = source.rows(after, PAGE_BYTES);
      const last = rows.at(-1);
      if (last === undefined || !more) return source.facts.keyCount;
      after = last.key;
    }
  } finally {
    source.close();
  }
}
