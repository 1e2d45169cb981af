import { parseArgs } from 'node:util';

export interface TortureOptions {
  readonly seed: number;
  readonly nodes: number;
  /** How long faults come; what is checked afterwards takes more. */
  readonly durationMs: number;
  /** Nodes come, go, take the place of others and lose their disks for good; leaders are moved by command. */
  readonly members: boolean;
  /** TLS for clients, mutual TLS between nodes, and certificates that are renewed. */
  readonly tls: boolean;
  readonly json: boolean;
}

export const USAGE = 'npm run torture -- --minutes T [--nodes 3|5] [--members] [--tls] [--seed N] [--json]';

/** Throws with a sentence when the arguments make no sense. */
export function parseOptions(args: readonly string[]): TortureOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      nodes: { type: 'string', default: '3' },
      members: { type: 'boolean', default: false },
      tls: { type: 'boolean', default: false },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 600)) throw new Error(`--minutes is a number up to 600.\n${USAGE}`);
  const nodes = Number(values.nodes);
  if (nodes !== 3 && nodes !== 5) throw new Error(`--nodes is 3 or 5.\n${USAGE}`);
  const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed is a whole number from 0 on.\n${USAGE}`);
  const { members, tls, json } = values;
  return { seed, nodes, durationMs: minutes * 60_000, members, tls, json };
}

export function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000_000);
}
