import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { DoctorError, diagnose } from '../../../engine/node/doctor.ts';
import { openLogStorage } from '../../../engine/storage/log/log-storage.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import { runCommand } from '../../support/command.ts';
import { closeAfterTest, command, hardState, identity, put, temporaryDirectory, write } from '../storage/support.ts';

const VALUE = 'a value that is easy to find'.repeat(10);
let directory: string;

function genesis(change: object = {}): string {
  return JSON.stringify({
    formatVersion: 1,
    clusterId: identity.clusterId,
    clusterName: 'test',
    nodeId: identity.nodeId,
    partitions: 1,
    replicationFactor: 1,
    memberIds: [1],
    ...change,
  });
}

const file = (name: string) => path.join(directory, name);

/** A node that has run: four entries in the log of group 1, three of them applied. */
async function found(): Promise<void> {
  writeFileSync(file('genesis.json'), genesis());
  const log = await openLogStorage({ file: file('raft-log.db'), identity });
  const entries = [1, 2, 3, 4].map((index) => command(index, [put(`key-${index}`, VALUE)]));
  await write(log, [{ group: 1, cut: null, hardState: hardState(1, 1, 3), entries }]);
  await log.close();
  const state = openStateMachine({ file: file('state.db'), identity });
  state.apply(1, entries.slice(0, 3));
  state.close();
}

/** Everything of the directory that can be seen from outside. */
function seen(): object {
  return Object.fromEntries(
    readdirSync(directory).map((name) => {
      const { mtimeMs, size } = statSync(file(name));
      return [name, { mtimeMs, size, bytes: readFileSync(file(name)).toString('base64') }];
    }),
  );
}

function problems(): string[] {
  return diagnose(directory)
    .findings.filter(({ severity }) => severity === 'problem')
    .map(({ message }) => message);
}

beforeEach(async () => {
  directory = temporaryDirectory();
  await found();
});

describe('the doctor', () => {
  it('finds nothing wrong with a healthy directory, and changes nothing in it', () => {
    for (const name of readdirSync(directory)) utimesSync(file(name), 1000, 1000);
    const before = seen();
    const { findings, genesis } = diagnose(directory);
    expect(findings.map(({ severity, what }) => [severity, what])).toEqual([
      ['good', 'genesis.json'],
      ['good', 'raft-log.db'],
      ['good', 'state.db'],
      ['good', 'both'],
    ]);
    expect(findings[1]?.message).toContain('1 groups, 4 entries');
    expect(findings[2]?.message).toContain('3 keys');
    expect(genesis?.nodeId).toBe(1);
    expect(seen()).toEqual(before);
  });

  it('refuses while the node runs, and what is no data directory', () => {
    const state = closeAfterTest(openStateMachine({ file: file('state.db'), identity }));
    expect(() => diagnose(directory)).toThrow(/is running.*Stop the node first/);
    state.close();
    expect(problems()).toEqual([]);
    expect(() => diagnose(temporaryDirectory())).toThrow(DoctorError);
    expect(() => diagnose(path.join(directory, 'none'))).toThrow(/cannot be read/);
  });

  it('finds a file that was cut off, and says what to do', () => {
    truncateSync(file('raft-log.db'), statSync(file('raft-log.db')).size - 4096);
    const before = seen();
    expect(problems()).toHaveLength(1);
    expect(problems()[0]).toMatch(new RegExp(`^${file('raft-log.db')} is damaged: .*Keep a copy`));
    expect(seen()).toEqual(before);
  });

  it('finds a value that was altered where a start does not look', () => {
    const bytes = readFileSync(file('state.db'));
    const at = bytes.indexOf(VALUE);
    bytes[at + 7] = 0x58;
    writeFileSync(file('state.db'), bytes);
    expect(problems()).toEqual([expect.stringMatching(/state\.db is damaged: the checksum of a value is wrong/)]);
    // What a start does: it finds nothing.
    openStateMachine({ file: file('state.db'), identity }).close();
  });

  it('finds what was altered in the history of a key, also of one that was deleted', () => {
    const [former, deleted] = ['what a key had before', 'what a key had that is gone'];
    const state = openStateMachine({ file: file('state.db'), identity });
    state.apply(1, [
      command(4, [put('key-4', former), put('key-5', deleted)]),
      command(5, [put('key-4', 'now'), { ...put('key-5', ''), kind: 'delete' }]),
    ]);
    state.close();
    for (const altered of [former, deleted]) {
      const bytes = readFileSync(file('state.db'));
      const at = bytes.indexOf(altered);
      expect(at).toBeGreaterThan(0);
      writeFileSync(file('state.db'), Buffer.concat([bytes.subarray(0, at), Buffer.from('X'), bytes.subarray(at + 1)]));
      const found = diagnose(directory).findings.find(({ what }) => what === 'state.db');
      expect(found).toMatchObject({ severity: 'problem', message: expect.stringMatching(/checksum of a history/) });
      writeFileSync(file('state.db'), bytes);
    }
  });

  it('finds a log that lacks what was applied', async () => {
    rmSync(file('raft-log.db'));
    for (const suffix of ['-wal', '-shm', '.mark']) rmSync(file(`raft-log.db${suffix}`), { force: true });
    expect(problems()).toEqual([expect.stringMatching(/raft-log\.db is missing: its log is gone/)]);
    const log = await openLogStorage({ file: file('raft-log.db'), identity });
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: [command(1, [put('a', 'b')])] }]);
    await log.close();
    expect(problems()).toEqual([
      expect.stringMatching(/has lost entries: group 1 has applied entry 3, but its log ends with 1/),
    ]);
  });

  it('tells a directory of another version from a damaged one', () => {
    writeFileSync(file('genesis.json'), genesis({ formatVersion: 99 }));
    expect(problems()).toEqual([expect.stringMatching(/newer version \(format 99/)]);
    writeFileSync(file('genesis.json'), genesis());
    const database = new Database(file('state.db'));
    database.prepare('UPDATE meta SET format_version = 99').run();
    database.close();
    expect(problems()).toEqual([expect.stringMatching(/state\.db has format 99/)]);
    writeFileSync(file('genesis.json'), '{');
    expect(problems()).toEqual([expect.stringMatching(/genesis\.json cannot be read/)]);
  });

  it('tells whose the files are', () => {
    writeFileSync(file('genesis.json'), genesis({ nodeId: 2 }));
    expect(problems()).toEqual([
      expect.stringMatching(/raft-log\.db belongs to node 1 of cluster test-cluster, but this is node 2/),
      expect.stringMatching(/state\.db belongs to node 1/),
    ]);
  });

  it('points at what does not belong there', () => {
    writeFileSync(file('genesis.json.new'), '{');
    copyFileSync(file('state.db'), file('state (copy).db'));
    const notices = diagnose(directory).findings.filter(({ severity }) => severity === 'notice');
    expect(notices.map(({ what }) => what).sort()).toEqual(['genesis.json.new', 'state (copy).db']);
    expect(problems()).toEqual([]);
    expect(existsSync(file('genesis.json.new'))).toBe(true);
  });

  it('is a command whose exit code says whether something is wrong', async () => {
    const home = temporaryDirectory();
    const good = await runCommand(home, ['doctor', directory]);
    expect(good).toMatchObject({ code: 0, text: expect.stringMatching(/ok +state\.db: whole/) as string });
    writeFileSync(file('state.db'), 'not SQLite');
    const bad = await runCommand(home, ['doctor', directory, '--json']);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/One thing is wrong/);
    expect(JSON.parse(bad.text)).toMatchObject([{ dataDir: directory, genesis: { nodeId: 1 } }]);
    const none = await runCommand(home, ['doctor', home]);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/no data directory/) as string });
  });
});
