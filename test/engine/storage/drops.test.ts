import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRecovered } from '../../../engine/storage/check-recovered.ts';
import { openLogStorage } from '../../../engine/storage/log/log-storage.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import {
  bytes,
  closeAfterTest,
  command,
  contents,
  entries,
  expected,
  hardState,
  identity,
  put,
  temporaryDirectory,
  write,
} from './support.ts';

const openState = (directory: string) =>
  closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity }));
const openLog = async (directory: string) =>
  closeAfterTest(await openLogStorage({ file: path.join(directory, 'log.db'), identity }));

/** Where the log of the replica ended. */
const END = { index: 2, term: 1 };

const reset = (group: number, term: number, votedFor: number) =>
  ({ group, reset: true, cut: null, hardState: hardState(term, votedFor)!, entries: [] }) as const;

describe('the log of a replica that is given up', () => {
  it('is gone but for the term and the vote, begins anew, and leaves other groups alone', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    for (const group of [1, 2]) {
      await write(log, [{ group, cut: null, hardState: hardState(7, 3, 40), entries: entries(1, 40, 7) }]);
    }
    await write(log, [
      { group: 1, cut: { index: 20, term: 7, all: false }, hardState: null, entries: [] },
      reset(1, 7, 3),
    ]);
    const nothing = { snapshotIndex: 0, snapshotTerm: 0, lastIndex: 0, lastTerm: 0 };
    expect(log.recovered(1)).toEqual({ hardState: hardState(7, 3, 0), ...nothing });
    expect(log.reader(1).term(30)).toBeUndefined();
    await log.close();

    const again = await openLog(directory);
    expect(again.recovered(1)).toEqual({ hardState: hardState(7, 3, 0), ...nothing });
    expect(contents(again, 2, 40)).toEqual(expected(entries(1, 40, 7)));
    await write(again, [{ group: 1, cut: null, hardState: null, entries: entries(1, 5, 8) }]);
    expect(contents(again, 1, 5)).toEqual(expected(entries(1, 5, 8)));
  });

  it('is not what stood before it in the same write', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    const before = { group: 1, cut: null, hardState: hardState(2), entries: entries(1, 9, 2) };
    const after = { group: 1, cut: null, hardState: hardState(3), entries: entries(1, 2, 3) };
    await Promise.all([write(log, [before]), write(log, [reset(1, 2, 1)]), write(log, [after])]);
    await log.close();
    const again = await openLog(directory);
    expect(again.recovered(1)).toMatchObject({ lastIndex: 2, lastTerm: 3, hardState: { term: 3 } });
    expect(contents(again, 1, 2)).toEqual(expected(entries(1, 2, 3)));
  });
});

describe('the state of a replica that is given up', () => {
  it('is gone when that is finished, and begins anew with nothing', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    const membership = { voters: [1, 2, 3], votersOutgoing: [], learners: [] };
    for (const group of [1, 2])
      state.apply(group, [command(1, [put('a', '1')]), command(2, [put('b', '2')])], membership);
    state.beginDrop(1, END);
    expect(state.get(1, bytes('a'))).toBeDefined();
    expect(state.dropsBegun()).toEqual([1]);
    state.finishDrop(1);
    for (let i = 0; i < 5; i++) state.tidy();
    state.close();

    const again = openState(directory);
    expect([again.appliedIndex(1), again.keyCount(1), again.durableIndex(1)]).toEqual([0, 0, 0]);
    expect(again.membership(1)).toBeNull();
    expect(again.get(1, bytes('a'))).toBeUndefined();
    expect([again.givenUpAt(1), again.givenUpAt(2), again.dropsBegun()]).toEqual([END, null, []]);
    expect(again.get(2, bytes('b'))).toBeDefined();
    again.apply(1, [command(1, [put('c', '3')])]);
    expect(
      again.scan(1, { prefix: bytes(''), after: bytes(''), limit: 10, keysOnly: true, maxBytes: 999 }).rows,
    ).toHaveLength(1);
  });

  it('ends a snapshot that was on its way in', () => {
    const state = openState(temporaryDirectory());
    const facts = { ...factsOfNothing, appliedIndex: 9, keyCount: 1 };
    state.beginRestore(1, facts, 2);
    state.beginDrop(1, END);
    state.finishDrop(1);
    expect(state.appliedIndex(1)).toBe(0);
    expect(state.restoredPoint(1)).toBeNull();
  });

  it('may be given up by halves: the next start knows, whichever half it was', async () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    const log = await openLog(directory);
    await write(log, [{ group: 1, cut: null, hardState: hardState(4, 2, 2), entries: entries(1, 2, 4) }]);
    state.apply(1, [command(1, [put('a', '1')]), command(2, [put('b', '2')])]);
    state.beginDrop(1, END);
    // A crash here leaves all of it.
    state.close();
    const marked = openState(directory);
    expect(marked.dropsBegun()).toEqual([1]);
    expect(() => checkRecovered(log, marked, [1])).not.toThrow();
    await write(log, [reset(1, 4, 2)]);
    // And here a state without its log, which else no node starts with.
    expect(marked.appliedIndex(1)).toBe(2);
    expect(() => checkRecovered(log, marked, [1])).not.toThrow();
    expect(() => checkRecovered(log, { ...bare(marked), dropsBegun: () => [] }, [1])).toThrow(/has lost entries/);
    marked.finishDrop(1);
    expect(() => checkRecovered(log, marked, [1])).not.toThrow();
    expect(marked.dropsBegun()).toEqual([]);
  });
});

describe('the mark of a replica that was given up', () => {
  const moveStateAway = (directory: string): void => {
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(path.join(directory, `state.db${suffix}`), { force: true });
  };
  const fileIn = (directory: string): string => path.join(directory, 'given-up.json');

  it('outlives the state, which may be taken away to be rebuilt from the log', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    for (const group of [1, 2, 3]) state.apply(group, [command(1, [put('a', '1')])]);
    expect(fs.existsSync(fileIn(directory))).toBe(false);
    state.beginDrop(1, END);
    state.finishDrop(1);
    state.beginDrop(2, END);
    state.close();
    moveStateAway(directory);

    const rebuilt = openState(directory);
    expect([rebuilt.givenUpAt(1), rebuilt.givenUpAt(2), rebuilt.givenUpAt(3)]).toEqual([END, END, null]);
    expect(rebuilt.dropsBegun()).toEqual([2]);
    rebuilt.finishDrop(2);
    rebuilt.close();
    moveStateAway(directory);
    expect(openState(directory).dropsBegun()).toEqual([]);
  });

  it('is written beside the state of a version that had it there alone', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.beginDrop(1, END);
    state.finishDrop(1);
    state.close();
    fs.rmSync(fileIn(directory));
    openState(directory).close();
    moveStateAway(directory);
    expect(openState(directory).givenUpAt(1)).toEqual(END);
  });

  it('never says of a later life of the replica that its end was only begun', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.beginDrop(1, END);
    const begun = fs.readFileSync(fileIn(directory));
    state.finishDrop(1);
    state.close();
    // A crash before the file heard of the end.
    fs.writeFileSync(fileIn(directory), begun);
    const again = openState(directory);
    expect(again.dropsBegun()).toEqual([]);
    again.apply(1, [command(1, [put('a', '1')])]);
    again.close();
    moveStateAway(directory);
    expect(openState(directory).dropsBegun()).toEqual([]);
  });

  it('is not guessed: where the file is damaged and the state is new, the node does not start', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [command(1, [put('a', '1')])]);
    state.beginDrop(1, END);
    state.close();
    const damage = (): void => {
      const whole = fs.readFileSync(fileIn(directory), 'utf8');
      fs.writeFileSync(fileIn(directory), whole.replace('false', 'true'));
    };
    damage();
    const mended = openState(directory);
    expect(mended.dropsBegun()).toEqual([1]);
    mended.close();
    damage();
    moveStateAway(directory);
    expect(() => openState(directory)).toThrow(/given-up\.json is damaged.*prkdb node replace/);
    expect(() => openState(directory)).toThrow(/given-up\.json is damaged/);
  });
});

const factsOfNothing = {
  appliedIndex: 0,
  revision: 0,
  keyCount: 0,
  timeMs: 0,
  rowsChecksum: 0,
  sessionsOpened: 0,
  sessionsChecksum: 0,
  membership: null,
};

function bare(state: ReturnType<typeof openState>) {
  return {
    appliedIndex: (group: number) => state.appliedIndex(group),
    restoredPoint: (group: number) => state.restoredPoint(group),
  };
}
