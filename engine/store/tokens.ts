import { z } from 'zod';
import { SYSTEM_GROUP } from '../config/ids.ts';
import { RIGHTS } from '../config/tokens.ts';
import type { StateMachine } from '../storage/types.ts';

/** More would be a mistake of a script, and every node holds all of them in memory. */
export const MAX_TOKENS = 1000;

const PREFIX = 'token/';
const prefixBytes = new TextEncoder().encode(PREFIX);
const NO_KEY = new Uint8Array(0);

const tokenSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  right: z.enum(RIGHTS),
  /** SHA-256 of the whole token, as hexadecimal digits; the token itself is nowhere. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAtMs: z.number().int(),
  /** 0: never. */
  expiresAtMs: z.number().int(),
});

/** One token as the system group keeps it, under `token/<id>`. */
export type TokenRecord = z.infer<typeof tokenSchema>;

export function tokenKey(id: string): Uint8Array {
  return new TextEncoder().encode(PREFIX + id);
}

export function encodeToken(record: TokenRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** Null for what is no token: a newer version may keep more under the prefix. */
function decodeToken(bytes: Uint8Array): TokenRecord | null {
  try {
    return tokenSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data ?? null;
  } catch {
    return null;
  }
}

/** The tokens of the cluster, as far as this node has applied the system group. */
export class TokenSource {
  readonly #state: StateMachine;
  #tokens: ReadonlyMap<string, TokenRecord> = new Map();
  readonly #listeners = new Set<() => void>();

  /** Throws what storage throws when the system group's state cannot be read. */
  constructor(state: StateMachine) {
    this.#state = state;
    this.learn();
  }

  /** By id. */
  get all(): ReadonlyMap<string, TokenRecord> {
    return this.#tokens;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Something was applied to the system group. */
  learn(): void {
    const options = { prefix: prefixBytes, after: NO_KEY, limit: MAX_TOKENS, keysOnly: false, maxBytes: 2 ** 20 };
    const { rows } = this.#state.scan(SYSTEM_GROUP, options);
    if (rows.length === 0 && this.#tokens.size === 0) return;
    const records = rows.flatMap(({ value }) => decodeToken(value) ?? []);
    this.#tokens = new Map(records.map((record) => [record.id, record]));
    for (const listener of this.#listeners) listener();
  }
}
