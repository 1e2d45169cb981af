import { SYSTEM_GROUP } from '../config/ids.ts';
import { isRight, isTokenId, MAX_TOKEN_NAME_BYTES, TOKEN_HASH_BYTES, type Right } from '../config/tokens.ts';
import type { CreateTokenRequest, RevokeTokenRequest, TokenInfo } from '../rpc/cluster.ts';
import { encodeToken, MAX_TOKENS, tokenKey, type Mutation, type Store, type TokenRecord } from '../store/index.ts';
import type { Grant } from './access.ts';

const WRITE_TIMEOUT_MS = 5_000;
const NO_BYTES = new Uint8Array(0);

/** A token cannot be made or revoked as it was asked for. Nothing was done. */
export class TokenRequestError extends Error {
  override readonly name = 'TokenRequestError';
  /** invalid: never. refused: not as things are. notHere: by another node. noAnswer: it may have been done. */
  readonly kind: 'invalid' | 'refused' | 'notHere' | 'noAnswer';
  /** Who can do it, where that is known and not this node. */
  readonly leader: number;

  constructor(kind: TokenRequestError['kind'], message: string, leader = 0) {
    super(message);
    this.kind = kind;
    this.leader = leader;
  }
}

export interface TokensOptions {
  readonly store: Pick<Store, 'nodeId' | 'writeSystem'>;
  readonly tokens: () => ReadonlyMap<string, TokenRecord>;
  /** What this node was configured with. */
  readonly own: readonly Grant[];
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

/** Makes, lists and revokes the cluster's tokens. Changes are for the leader of the system group. */
export class Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  list(): TokenInfo[] {
    return [...this.#options.tokens().values()].map(infoOf).sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Writes down the hash of a token that the caller has made. The same again changes nothing. Rejects with TokenRequestError. */
  async create(request: CreateTokenRequest): Promise<TokenInfo> {
    const { id, name, right, sha256, ttlMs } = request;
    if (!isTokenId(id)) throw new TokenRequestError('invalid', 'The id of a token is 16 hexadecimal digits.');
    if (!isRight(right)) throw new TokenRequestError('invalid', 'The right of a token is read, write or admin.');
    if (sha256.length !== TOKEN_HASH_BYTES) throw new TokenRequestError('invalid', 'A SHA-256 hash has 32 bytes.');
    if (Buffer.byteLength(name) > MAX_TOKEN_NAME_BYTES || /\p{Cc}/u.test(name)) {
      throw new TokenRequestError(
        'invalid',
        `The name of a token has at most ${MAX_TOKEN_NAME_BYTES} bytes, and no control characters.`,
      );
    }
    const nowMs = this.#options.wallMs();
    if (!Number.isSafeInteger(nowMs + ttlMs)) throw new TokenRequestError('invalid', 'Nothing lives so long.');
    const tokens = this.#options.tokens();
    const hash = Buffer.from(sha256).toString('hex');
    const same = tokens.get(id);
    if (same !== undefined && same.sha256 === hash && same.right === right) return infoOf(same);
    if (same !== undefined || this.#options.own.some((grant) => grant.id === id)) {
      throw new TokenRequestError('refused', `There is a token with the id ${id} already. Make another one.`);
    }
    if (tokens.size >= MAX_TOKENS) {
      throw new TokenRequestError('refused', `A cluster has at most ${MAX_TOKENS} tokens. Revoke some first.`);
    }
    if (right !== 'admin' && !this.#hasAdmin(null)) {
      throw new TokenRequestError(
        'refused',
        'From its first token on a cluster asks for tokens, and without one for administration nobody could make or revoke any. Make that one first.',
      );
    }
    const expiresAtMs = ttlMs === 0 ? 0 : nowMs + ttlMs;
    const record: TokenRecord = {
      id,
      name,
      right: right satisfies Right,
      sha256: hash,
      createdAtMs: nowMs,
      expiresAtMs,
    };
    await this.#write({ kind: 'put', key: tokenKey(id), value: encodeToken(record), expectedRevision: 0 });
    return infoOf(record);
  }

  /** Rejects with TokenRequestError. */
  async revoke({ id }: RevokeTokenRequest): Promise<void> {
    const { own, tokens } = this.#options;
    if (own.some((grant) => grant.id === id)) {
      throw new TokenRequestError(
        'refused',
        'This token is in the configuration of the nodes (access.adminTokenFile): take it out there and restart them.',
      );
    }
    const all = tokens();
    if (!all.has(id)) throw new TokenRequestError('invalid', 'There is no such token.');
    if (all.size > 1 && !this.#hasAdmin(id)) {
      throw new TokenRequestError(
        'refused',
        'This is the last token for administration, and without it nobody could revoke the others. Revoke those first, or make another one for administration.',
      );
    }
    await this.#write({ kind: 'delete', key: tokenKey(id), value: NO_BYTES, expectedRevision: null });
  }

  /** Whether somebody can administrate, leaving out one token. */
  #hasAdmin(leaveOut: string | null): boolean {
    const { own, tokens, wallMs } = this.#options;
    return [...own, ...tokens().values()].some(
      ({ id, right, expiresAtMs }) =>
        id !== leaveOut && right === 'admin' && (expiresAtMs === 0 || expiresAtMs > wallMs()),
    );
  }

  #write(change: Pick<Mutation, 'kind' | 'key' | 'value' | 'expectedRevision'>): Promise<void> {
    const { store, monotonicMs } = this.#options;
    const mutation = { ...change, clientId: 0, sequence: 0 };
    return new Promise((resolve, reject) => {
      store.writeSystem(mutation, monotonicMs() + WRITE_TIMEOUT_MS, (answer) => {
        if (answer.ok && answer.result.kind !== 'conflict') return resolve();
        reject(answer.ok ? taken() : failure(answer, store.nodeId));
      });
    });
  }
}

function taken(): TokenRequestError {
  return new TokenRequestError('refused', 'There is a token with this id already. Make another one.');
}

function failure(
  answer: { readonly reason: string; readonly leader?: number; readonly detail?: string },
  self: number,
): TokenRequestError {
  if (answer.reason === 'notLeader') {
    const leader = answer.leader ?? 0;
    return new TokenRequestError(
      'notHere',
      `Node ${self} does not lead group ${SYSTEM_GROUP}; node ${leader} does.`,
      leader,
    );
  }
  if (answer.reason === 'deadline') {
    return new TokenRequestError(
      'noAnswer',
      'No majority of the nodes confirmed it in time. It may be done or not: list the tokens.',
    );
  }
  const why = answer.detail ?? 'the system group has no leader now';
  return new TokenRequestError('notHere', `Tokens cannot be changed now: ${why}. Are most of the nodes up?`);
}

function infoOf({ id, name, right, createdAtMs, expiresAtMs }: TokenRecord): TokenInfo {
  return { id, name, right, createdAtMs, expiresAtMs };
}
