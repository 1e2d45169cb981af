import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { GroupId } from '../../config/ids.ts';
import type { LogPoint } from '../../raft/types.ts';
import { CorruptDataError } from '../errors.ts';

/** Beside the databases of a node. */
export const DROPS_FILE = 'given-up.json';

/** A replica that this node gave up, or has begun to. */
export interface Drop {
  readonly finished: boolean;
  /** Where its log ended. */
  readonly end: LogPoint;
}

export type DropsByGroup = ReadonlyMap<GroupId, Drop>;

type Row = [group: GroupId, finished: boolean, index: number, term: number];

const CHECKSUM_CHARS = 8;

function sealed(drops: DropsByGroup): string {
  const rows = [...drops]
    .sort(([a], [b]) => a - b)
    .map(([group, { finished, end }]): Row => [group, finished, end.index, end.term]);
  const json = JSON.stringify(rows);
  return `${crc32(json).toString(16).padStart(CHECKSUM_CHARS, '0')} ${json}\n`;
}

/** Null where there is none. Throws CorruptDataError, or what the system throws. */
export function readDropsFile(file: string): DropsByGroup | null {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const json = text.slice(CHECKSUM_CHARS + 1, -1);
  if (text !== `${crc32(json).toString(16).padStart(CHECKSUM_CHARS, '0')} ${json}\n`) {
    throw new CorruptDataError(`the checksum of ${file} is wrong`);
  }
  const rows = JSON.parse(json) as Row[];
  return new Map(rows.map(([group, finished, index, term]) => [group, { finished, end: { index, term } }]));
}

/** Replaces the file as a whole. Durable when it returns. */
export function writeDropsFile(file: string, drops: DropsByGroup): void {
  fs.writeFileSync(`${file}.new`, sealed(drops), { flush: true });
  fs.renameSync(`${file}.new`, file);
  const directory = fs.openSync(path.dirname(file), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

export function areSame(one: DropsByGroup, other: DropsByGroup): boolean {
  return sealed(one) === sealed(other);
}
