import { InvalidArgumentError } from './errors.ts';

/** The revision of each partition that is known, as text: `0:17,1:4`. */
export function encodePosition(revisions: ReadonlyMap<number, number>): string {
  return [...revisions]
    .sort(([a], [b]) => a - b)
    .map(([partition, revision]) => `${partition}:${revision}`)
    .join(',');
}

/** Throws InvalidArgumentError for what `encodePosition` cannot have made of so many partitions. */
export function decodePosition(position: string, partitionCount: number): Map<number, number> {
  const revisions = new Map<number, number>();
  if (position === '') return revisions;
  for (const part of position.split(',')) {
    const [, partition = '', revision = ''] = /^(\d{1,4}):(\d{1,16})$/.exec(part) ?? [];
    const isKnown = partition !== '' && Number(partition) < partitionCount && !revisions.has(Number(partition));
    if (!isKnown || !Number.isSafeInteger(Number(revision))) {
      throw new InvalidArgumentError('The position is none of a watch of this cluster. Scan, and watch from now.');
    }
    revisions.set(Number(partition), Number(revision));
  }
  return revisions;
}
