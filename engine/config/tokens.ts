import { createHash, createHmac, randomBytes } from 'node:crypto';

/** What a token allows. Each right includes the ones before it. */
export const RIGHTS = ['read', 'write', 'admin'] as const;
export type Right = (typeof RIGHTS)[number];

export function isRight(text: string): text is Right {
  return (RIGHTS as readonly string[]).includes(text);
}

export function includesRight(held: Right, asked: Right): boolean {
  return RIGHTS.indexOf(held) >= RIGHTS.indexOf(asked);
}

export const MAX_TOKEN_NAME_BYTES = 64;
export const TOKEN_HASH_BYTES = 32;
const TOKEN = /^prkdb_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const TOKEN_ID = /^[0-9a-f]{16}$/;

/** `prkdb_<id>_<secret>`: the id finds its record, the secret proves that the caller has it. */
export function makeToken(): string {
  return tokenText(randomBytes(8), randomBytes(32));
}

function tokenText(id: Buffer, secret: Buffer): string {
  return `prkdb_${id.toString('hex')}_${secret.toString('base64url')}`;
}

/** The id in a token, or null for a text that is no token. */
export function tokenId(token: string): string | null {
  return TOKEN.exec(token)?.[1] ?? null;
}

export function isTokenId(text: string): boolean {
  return TOKEN_ID.test(text);
}

/**
 * What is kept of a token. One round of SHA-256 is enough: a slow hash protects secrets that
 * can be guessed, and nobody guesses 256 random bits. It would only make each call slow.
 */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** What nodes that were given one admin token show to each other instead of it. Known to whoever knows that one, and to nobody else. */
export function nodeToken(adminToken: string): string {
  const derive = (what: string) => createHmac('sha256', adminToken).update(`prkdb node ${what}`).digest();
  return tokenText(derive('id').subarray(0, 8), derive('secret'));
}
