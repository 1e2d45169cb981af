import { timingSafeEqual } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { ACCESS_HEADER } from '../rpc/headers.ts';
import { includesRight, tokenHash, tokenId, type Right } from '../config/tokens.ts';

/** What a call with a token carries in `authorization`. */
const BEARER = /^Bearer +(\S+)$/i;

const RECHECK_MS = 1_000;

/** What one token allows. */
export interface Grant {
  readonly id: string;
  readonly name: string;
  readonly right: Right;
  /** SHA-256 of the token, as hexadecimal digits. */
  readonly sha256: string;
  /** 0: never. */
  readonly expiresAtMs: number;
}

/** Who may call without a token, until there is one. */
export type AnonymousRule = 'loopback' | 'everywhere' | 'nobody';

export interface AccessOptions {
  readonly anonymous: AnonymousRule;
  /** Callers on this port have shown a certificate: without a token they are not just anybody. */
  readonly certified: boolean;
  /** Tokens that this node was configured with. They alone make no caller need one. */
  readonly own: readonly Grant[];
  /** The cluster's tokens, by id. */
  readonly tokens: () => ReadonlyMap<string, Grant>;
  /** Whether the cluster may have tokens that this node has not heard of yet. */
  readonly mayBeMore: () => boolean;
  /** Whether a certificate proves that a node of this cluster calls. */
  readonly isNode: (call: IncomingCall) => boolean;
  readonly nowMs: () => number;
  readonly onRefused: (reason: string) => void;
}

/** Why a call is refused: for the caller, and in a few words for the operator. */
export interface AccessRefusal {
  /** UNAVAILABLE: nobody can say yet. */
  readonly code: grpc.status.UNAUTHENTICATED | grpc.status.PERMISSION_DENIED | grpc.status.UNAVAILABLE;
  readonly message: string;
  readonly words: string;
}

/** A caller whose word was checked. Its grant may be gone later. */
export interface Caller {
  /** As it came; forwarded calls carry it on, so that they never have more rights than the caller. */
  readonly token: string | null;
  readonly address: string;
  readonly grantId: string | null;
  /** Nodes ask each other who leads. */
  readonly isNode: boolean;
}

/** The parts of a call that say who calls. */
export interface IncomingCall {
  readonly metadata: grpc.Metadata;
  getPeer(): string;
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

interface OpenCall {
  readonly caller: Caller;
  readonly right: Right;
  readonly end: (refusal: AccessRefusal) => void;
}

/** Decides who may call what. Calls that stay open end when what allowed them is gone. Closed by its owner. */
export class Access {
  readonly #options: AccessOptions;
  readonly #own: ReadonlyMap<string, Grant>;
  readonly #open = new Set<OpenCall>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#own = new Map(options.own.map((grant) => [grant.id, grant]));
    // Tokens expire without anything happening.
    this.#timer = setInterval(() => this.recheck(), RECHECK_MS);
    this.#timer.unref();
  }

  /** Who calls, or why nobody here listens to them. */
  identify(call: IncomingCall): Caller | AccessRefusal {
    const address = clientOf(call);
    const given = call.metadata.get('authorization')[0];
    if (given === undefined) return { token: null, address, grantId: null, isNode: this.#options.isNode(call) };
    const token = BEARER.exec(String(given))?.[1];
    if (token === undefined) {
      return unauthenticated(
        'The authorization of the call is not "Bearer" and a token.',
        'its authorization is no bearer token',
      );
    }
    const id = tokenId(token);
    const grant = id === null ? undefined : this.#grant(id);
    // The token of the nodes is for those that were founded with it; another knows them by their certificates.
    if (grant === undefined && this.#options.isNode(call)) return { token: null, address, grantId: null, isNode: true };
    if (id !== null && grant === undefined && this.#options.mayBeMore()) {
      return {
        code: grpc.status.UNAVAILABLE,
        message: 'This node has to learn the tokens of the cluster first. Try again in a moment.',
        words: 'its token is none that this node knows of yet',
      };
    }
    if (grant === undefined || !timingSafeEqual(Buffer.from(grant.sha256, 'hex'), tokenHash(token))) {
      return unauthenticated(
        'The token is none of this cluster; it may have been revoked. Ask for a new one.',
        'its token is none of this cluster',
      );
    }
    return { token, address, grantId: grant.id, isNode: false };
  }

  /** Null when the caller may do what needs this right, now. */
  check(caller: Caller, right: Right): AccessRefusal | null {
    if (caller.isNode && right === 'read') return null;
    if (caller.grantId === null) return this.#checkAnonymous(caller);
    const grant = this.#grant(caller.grantId);
    if (grant === undefined) return unauthenticated('The token has been revoked.', 'its token has been revoked');
    const name = grant.name === '' ? grant.id : `"${grant.name}"`;
    if (grant.expiresAtMs !== 0 && grant.expiresAtMs <= this.#options.nowMs()) {
      return unauthenticated(`The token ${name} has expired. Ask for a new one.`, `the token ${name} has expired`);
    }
    if (includesRight(grant.right, right)) return null;
    return {
      code: grpc.status.PERMISSION_DENIED,
      message: `The token ${name} is for ${activity[grant.right]}, and this needs one for ${activity[right]}.`,
      words: `the token ${name} is for ${activity[grant.right]}, not for ${activity[right]}`,
    };
  }

  /** Tells the operator of a refusal that is none for the moment alone. */
  report(caller: Pick<Caller, 'address'>, what: string, refusal: AccessRefusal): void {
    if (refusal.code === grpc.status.UNAVAILABLE) return;
    this.#options.onRefused(`${what} from ${caller.address}: ${refusal.words}`);
  }

  /** Ends an open call with the reason when it is no longer allowed. Returns the way to stop watching it. */
  watch(caller: Caller, right: Right, end: (refusal: AccessRefusal) => void): () => void {
    const open = { caller, right, end };
    this.#open.add(open);
    return () => this.#open.delete(open);
  }

  /** The tokens have changed. */
  recheck(): void {
    for (const open of this.#open) {
      const refusal = this.check(open.caller, open.right);
      if (refusal === null) continue;
      this.#open.delete(open);
      this.report(open.caller, 'an open call', refusal);
      open.end(refusal);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#open.clear();
  }

  #grant(id: string): Grant | undefined {
    return this.#own.get(id) ?? this.#options.tokens().get(id);
  }

  /** A token that has expired is one still: a cluster does not open up by itself. */
  #checkAnonymous({ address }: Caller): AccessRefusal | null {
    const { anonymous, certified, tokens, mayBeMore } = this.#options;
    if (anonymous === 'nobody' || tokens().size > 0) {
      return unauthenticated(
        'This cluster asks for a token: give one with --token-file or PRKDB_TOKEN, or as the token of the client.',
        'it gave no token',
      );
    }
    if (mayBeMore()) {
      const message = 'This node has to learn first whether the cluster asks for tokens. Try again in a moment.';
      return {
        code: grpc.status.UNAVAILABLE,
        message,
        words: 'it gave no token, and this node does not know of any yet',
      };
    }
    if (anonymous === 'everywhere' || certified || isLoopback(address)) return null;
    return unauthenticated(
      'Without a token this node serves only callers on its own machine. Make one there, with: prkdb token create. ' +
        'Or set access.anonymous to everywhere in the configuration of the nodes.',
      'it is on another machine and gave no token',
    );
  }
}

const activity = { read: 'reading', write: 'writing', admin: 'administration' } as const;

function unauthenticated(message: string, words: string): AccessRefusal {
  return { code: grpc.status.UNAUTHENTICATED, message, words };
}

/** Addresses as the system gives them, not names: nobody else can have one. */
function isLoopback(address: string): boolean {
  return address === '::1' || address === '[::1]' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

/** The status of a call that is refused before anything of it was looked at. */
export function refusedCall({ code, message }: AccessRefusal): Partial<grpc.StatusObject> {
  if (code === grpc.status.UNAVAILABLE) return { code, details: message };
  const metadata = new grpc.Metadata();
  metadata.set(ACCESS_HEADER, 'refused');
  return { code, details: message, metadata };
}

const ADDRESS = Symbol('address of the caller');

/** The address of a caller, without its port. Asked by each of the guards that a call passes; the connection is asked once. */
export function clientOf(call: { getPeer(): string; [ADDRESS]?: string }): string {
  return (call[ADDRESS] ??= call.getPeer().replace(/:\d+$/, ''));
}

/** The token of a call that was let in, as it came. */
export function tokenOf(call: { readonly metadata: grpc.Metadata }): string | null {
  return BEARER.exec(String(call.metadata.get('authorization')[0] ?? ''))?.[1] ?? null;
}

export function isAccessRefusal(value: Caller | AccessRefusal): value is AccessRefusal {
  return 'code' in value;
}
