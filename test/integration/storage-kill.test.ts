import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { checkRecovered } from '../../engine/storage/check-recovered.ts';
import { decodeCommand } from '../../engine/storage/codec.ts';
import { openLogStorage } from '../../engine/storage/log/log-storage.ts';
import { openStateMachine } from '../../engine/storage/state/state-machine.ts';
import type { LogStorage, StateMachine } from '../../engine/storage/types.ts';

const ROUNDS = 24;
const identity = { clusterId: 'kill', nodeId: 1 };
const child = fileURLToPath(new URL('../support/storage-child.ts', import.meta.url));

let directory = '';
afterEach(() => {
  if (directory !== '') fs.rmSync(directory, { recursive: true, force: true });
});

/** Runs the child, kills it `afterMs` after its first words, and returns what it had acknowledged. */
async function runAndKill(
  afterMs: number,
): Promise<{ lastIndexes: Map<number, number>; term: number; writes: number }> {
  const started = spawn(process.execPath, [child, directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  const speaks = new Promise((resolve) => {
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve(undefined);
    });
    started.once('exit', resolve);
  });
  started.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const closed = new Promise((resolve) => {
    started.once('close', resolve);
  });
  await speaks;
  await new Promise((resolve) => {
    setTimeout(resolve, afterMs);
  });
  started.kill('SIGKILL');
  await closed;
  expect(complaint).toBe('');
  const lastIndexes = new Map<number, number>();
  let term = 0;
  // The line that the kill cut short, if any, was not acknowledged to anyone.
  const lines = output.split('\n').slice(1, -1);
  for (const line of lines) {
    const report = JSON.parse(line) as { acknowledged: [number, number][]; term: number };
    for (const [group, index] of report.acknowledged) lastIndexes.set(group, index);
    term = Math.max(term, report.term);
  }
  return { lastIndexes, term, writes: lines.length };
}

/** Every entry of the log is the one that was written, and the state machine holds what applying them gives. */
function checkGroup(log: LogStorage, state: StateMachine, group: number): void {
  const lastIndex = log.recovered(group)?.lastIndex ?? 0;
  const applied = state.appliedIndex(group);
  const latest = new Map<string, { revision: number; value: Buffer }>();
  for (let from = 1; from <= lastIndex;) {
    const entries = log.reader(group).entries(from, lastIndex + 1, 1_000_000);
    for (const { index, data } of entries) {
      const [mutation] = decodeCommand(data).mutations;
      const value = Buffer.alloc((index * 37) % 3000, `${group}:${index}`);
      if (index !== from || mutation === undefined || !value.equals(mutation.value)) {
        throw new Error(`entry ${index} of group ${group} is not what was written`);
      }
      if (index <= applied) latest.set(`key ${index % 50}`, { revision: index, value });
      from++;
    }
  }
  expect(state.keyCount(group)).toBe(latest.size);
  for (const [key, { revision, value }] of latest) {
    const row = state.get(group, Buffer.from(key));
    expect([row?.revision, value.equals(row?.value ?? Buffer.from('missing'))]).toEqual([revision, true]);
  }
}

describe('a process killed at any moment', () => {
  it(`loses nothing that it acknowledged (${ROUNDS} kills)`, async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'prkdb-kill-'));
    let kept = new Map<number, number>();
    let writes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const run = await runAndKill(Math.random() * 120);
      writes += run.writes;
      const log = await openLogStorage({ file: path.join(directory, 'log.db'), identity });
      const state = openStateMachine({ file: path.join(directory, 'state.db'), identity });
      try {
        const recovered = new Map<number, number>();
        for (const group of [1, 2, 3]) {
          const found = log.recovered(group);
          const acknowledged = run.lastIndexes.get(group) ?? kept.get(group) ?? 0;
          expect(found?.lastIndex ?? 0).toBeGreaterThanOrEqual(acknowledged);
          expect(found?.hardState.term ?? 0).toBeGreaterThanOrEqual(run.term);
          recovered.set(group, found?.lastIndex ?? 0);
          checkGroup(log, state, group);
        }
        checkRecovered(log, state, [1, 2, 3]);
        kept = recovered;
      } finally {
        state.close();
        await log.close();
      }
    }
    // Otherwise the kills all came too early to mean anything.
    expect(writes).toBeGreaterThan(ROUNDS);
  });
});
