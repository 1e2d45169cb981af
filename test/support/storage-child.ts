/**
 * A process for storage-kill.test.ts to kill: appends batches to the log of the directory
 * given as its argument, applies what is synced, and prints one line for each
 * acknowledged write. Starts from whatever an earlier one left.
 */
import fs from 'node:fs';
import path from 'node:path';
import { checkRecovered } from '../../engine/storage/check-recovered.ts';
import { encodeCommand } from '../../engine/storage/codec.ts';
import { openLogStorage } from '../../engine/storage/log/log-storage.ts';
import { openStateMachine } from '../../engine/storage/state/state-machine.ts';
import type { Entry } from '../../engine/raft/types.ts';

const directory = process.argv[2] as string;
const identity = { clusterId: 'kill', nodeId: 1 };
const log = await openLogStorage({ file: path.join(directory, 'log.db'), identity });
const state = openStateMachine({ file: path.join(directory, 'state.db'), identity });
const groups = [1, 2, 3];
checkRecovered(log, state, groups);

const lastIndexes = new Map(groups.map((group) => [group, log.recovered(group)?.lastIndex ?? 0]));
let term = Math.max(...groups.map((group) => log.recovered(group)?.hardState.term ?? 0)) + 1;

/** What entry `index` of `group` holds, in whichever term: the parent knows it too. */
function dataOf(group: number, index: number): Uint8Array {
  const key = Buffer.from(`key ${index % 50}`);
  const value = Buffer.alloc((index * 37) % 3000, `${group}:${index}`);
  return encodeCommand([{ kind: 'put', key, value, expectedRevision: null, clientId: 0, sequence: 0 }], index);
}

/** Applies everything of the group up to `index`, reading it back from the log. */
function applyUpTo(group: number, index: number): void {
  while (state.appliedIndex(group) < index) {
    state.apply(group, log.reader(group).entries(state.appliedIndex(group) + 1, index + 1, 100_000));
  }
}

let round = 0;
function next(): void {
  round++;
  if (round % 40 === 0) term++;
  const batch = groups.map((group) => {
    const from = (lastIndexes.get(group) ?? 0) + 1;
    const entries: Entry[] = [];
    for (let i = 0; i <= (round + group) % 9; i++) {
      entries.push({ index: from + i, term, type: 0, data: dataOf(group, from + i) });
    }
    lastIndexes.set(group, from + entries.length - 1);
    return { group, cut: null, hardState: { term, votedFor: group, commitIndex: from - 1 }, entries };
  });
  log.write(batch, (error) => {
    if (error !== null) throw error;
    const acknowledged = batch.map(({ group, entries }) => [group, entries.at(-1)?.index ?? 0] as const);
    // Synchronous, so that what was printed before a kill was really handed over.
    fs.writeSync(1, `${JSON.stringify({ acknowledged, term: batch[0]?.hardState.term })}\n`);
    for (const [group, index] of acknowledged) applyUpTo(group, index);
    next();
  });
}
fs.writeSync(1, 'started\n');
// Several writes are under way at any time, so that a kill finds some between the two.
for (let i = 0; i < 4; i++) next();
