import { cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { diagnose } from '../../../engine/node/doctor.ts';
import type { Random } from '../../simulation/random.ts';
import { eventually } from '../../support/node-cluster.ts';
import { ALL } from '../fault-table.ts';
import type { TortureNode } from '../node.ts';
import { hashReplicas } from '../replicas.ts';
import type { World } from '../world.ts';

const FILES = [
  'raft-log.db',
  'raft-log.db-wal',
  'raft-log.db.mark',
  'state.db',
  'state.db-wal',
  'genesis.json',
] as const;
const STATE_FILES = ['state.db', 'state.db-wal', 'state.db-shm'];
const TAIL_BYTES = 8192;
/** Nodes that are frozen cannot be told before they thaw. */
const TOLD_WITHIN_MS = 60_000;

/**
 * A file of a stopped node is damaged. It must start without loss, or refuse, name the file
 * and say what to do. In the second case it gets back the directory as it was before the
 * damage, or what its own advice says where that is safe: a voter that came back empty
 * would have forgotten its votes and acknowledgements, and Raft is not made for that.
 */
export async function corrupt(world: World, node: TortureNode): Promise<void> {
  const { dataDir } = node.process.config;
  const copy = `${dataDir}.copy`;
  await node.kill();
  world.count('kills');
  const files = FILES.filter((name) => size(path.join(dataDir, name)) > 0);
  const name = world.random.pick(files);
  rmSync(copy, { recursive: true, force: true });
  cpSync(dataDir, copy, { recursive: true });
  const what = damage(path.join(dataDir, name), world.random);
  world.tell(`${name} of the killed node ${node.id}: ${what}`);
  world.count('damaged files');
  const isHidden = name.startsWith('state.db') && isIll(dataDir);
  const reconnect = await unheard(world, node);
  try {
    const refusal = await refusalOf(node);
    if (refusal !== null) {
      world.count('damage that was refused');
      await refused(world, node, name, refusal, copy);
    } else if (isHidden || (await holdsDamage(node))) {
      await repair(world, node, copy, isHidden);
    } else {
      world.count('damage that did no harm');
      world.tell(`node ${node.id} recovered without loss`);
    }
  } finally {
    reconnect();
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * The node hears nobody until it is known whether its files are good: with a snapshot in between,
 * its log would begin after what the state machine from before the damage has. Returns the way to end that.
 */
async function unheard(world: World, node: TortureNode): Promise<() => void> {
  const end = world.faults.addLinks([{ from: ALL, to: node.id, cut: true }]);
  const isTold = async () => world.nodes.every((other) => other.down || other.settled);
  await eventually('the other nodes know of the cut', isTold, TOLD_WITHIN_MS);
  return end;
}

/** Why it does not start, or null when it serves. */
async function refusalOf(node: TortureNode): Promise<string | null> {
  try {
    await node.start();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function refused(world: World, node: TortureNode, name: string, reason: string, copy: string): Promise<void> {
  const { dataDir } = node.process.config;
  world.tell(`node ${node.id} refuses to start: ${reason}`);
  // A write-ahead log is part of its database, and named with it.
  const database = name.replace(/-wal$|\.mark$/, '');
  if (!reason.includes(database)) world.violation(`the refusal of node ${node.id} does not name ${name}: ${reason}`);
  if (!/[Kk]eep|[Rr]estore|move/.test(reason))
    world.violation(`the refusal of node ${node.id} gives no advice: ${reason}`);
  if (/^\s+at /m.test(reason)) world.violation(`the refusal of node ${node.id} is a stack trace: ${reason}`);
  if (database === 'state.db' && world.random.chance(0.6)) {
    world.tell(`state.db of node ${node.id} is removed, as the refusal says`);
    world.count('state machines rebuilt from the log');
    for (const file of STATE_FILES) rmSync(path.join(dataDir, file), { force: true });
    if (await rebuilds(world, node)) return;
  }
  world.tell(`node ${node.id} gets its directory back as it was before the damage`);
  rmSync(dataDir, { recursive: true, force: true });
  cpSync(copy, dataDir, { recursive: true });
  await node.start();
  world.tell(`node ${node.id} serves again`);
}

/** What the doctor sees that no start looks at, such as the history of a key that nobody writes to. */
function isIll(dataDir: string): boolean {
  return diagnose(dataDir).findings.some(({ severity, what }) => severity === 'problem' && what === 'state.db');
}

/**
 * Values are checked when they are read, so that a node with many of them starts fast. So all
 * are read now; else the damage would be found, and the node be out, at some later time.
 */
async function holdsDamage(node: TortureNode): Promise<boolean> {
  const { groups } = await node.status(5_000);
  const partitions = groups.flatMap((group) => group.partition ?? []);
  await hashReplicas(node, partitions).catch(() => undefined);
  return /is damaged/.test((await node.status(5_000)).storageError);
}

/**
 * The state machine as it was before the damage, under the log of now: what is applied may be
 * older than the log, never the log older than what the node has promised since.
 */
async function repair(world: World, node: TortureNode, copy: string, isHidden: boolean): Promise<void> {
  const { dataDir } = node.process.config;
  world.count(isHidden ? 'damage that the doctor found' : 'damage that showed when it was read');
  const who = isHidden ? 'the doctor' : `node ${node.id}`;
  world.tell(`${who} has found that the state machine of node ${node.id} is damaged; it gets back the one from before`);
  await node.kill();
  for (const file of STATE_FILES) {
    rmSync(path.join(dataDir, file), { force: true });
    if (existsSync(path.join(copy, file))) cpSync(path.join(copy, file), path.join(dataDir, file));
  }
  await node.start();
  world.tell(`node ${node.id} serves again`);
}

/** A log that was cut cannot rebuild a state machine, and the node must say so. */
async function rebuilds(world: World, node: TortureNode): Promise<boolean> {
  try {
    await node.start();
    world.tell(`node ${node.id} has rebuilt its state machine`);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    world.tell(`node ${node.id} refuses to start: ${reason}`);
    if (!reason.includes('the log begins after'))
      world.violation(`node ${node.id} has not rebuilt its state: ${reason}`);
    world.count('logs too short to rebuild from');
    return false;
  }
}

function size(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** Damages the last few KiB of a file; returns how, in words. */
function damage(file: string, random: Random): string {
  const length = size(file);
  const tail = Math.min(length, TAIL_BYTES);
  const kind = random.below(4);
  if (kind === 0) {
    const lost = random.logBetween(1, tail);
    truncateSync(file, length - lost);
    return `the last ${lost} bytes are gone`;
  }
  const bytes = readFileSync(file);
  if (kind === 1) {
    const flips = random.logBetween(1, 64);
    for (let i = 0; i < flips; i++) {
      const at = length - 1 - random.below(tail);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    }
    writeFileSync(file, bytes);
    return `${flips} bits of the last ${tail} bytes are flipped`;
  }
  if (kind === 2) {
    const zeros = random.logBetween(1, tail);
    bytes.fill(0, length - zeros);
    writeFileSync(file, bytes);
    return `the last ${zeros} bytes are zeros`;
  }
  const garbage = Buffer.from(Array.from({ length: random.logBetween(1, tail) }, () => random.below(256)));
  writeFileSync(file, Buffer.concat([bytes, garbage]));
  return `${garbage.length} bytes of garbage follow`;
}
