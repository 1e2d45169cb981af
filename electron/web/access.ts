import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const COOKIE = 'prkdb-session';
const SESSION_MAX_AGE_S = 30 * 24 * 3600;
/** A browser more than this forgets nobody who is still at work. */
const MAX_SESSIONS = 64;

/**
 * Who may use the browser host: whoever was given the address with the token in it. A
 * token opens one session and is then void; the session lives in a cookie that other
 * sites can neither read nor send. Nothing survives the host's own process.
 */
export class Access {
  readonly #cookieName: string;
  #token = newSecret();
  #sessions: Buffer[] = [];

  /** Cookies do not know ports, so the port is part of the name: two hosts do not end each other's sessions. */
  constructor(port: number) {
    this.#cookieName = `${COOKIE}-${port}`;
  }

  /** The token that will open the next session. */
  get token(): string {
    return this.#token;
  }

  /** Trades the token for a cookie. Null when it is not the current one. */
  exchange(token: string): { readonly setCookie: string } | null {
    if (!timingSafeEqual(digest(token), digest(this.#token))) return null;
    this.#token = newSecret();
    const session = newSecret();
    this.#sessions = [...this.#sessions, digest(session)].slice(-MAX_SESSIONS);
    return {
      setCookie: `${this.#cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MAX_AGE_S}`,
    };
  }

  isAdmitted(cookieHeader: string | undefined): boolean {
    const given = cookieValue(cookieHeader, this.#cookieName);
    if (given === null) return false;
    const wanted = digest(given);
    return this.#sessions.some((session) => timingSafeEqual(session, wanted));
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Of one length, so that comparing takes one time. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function cookieValue(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [key, ...value] = pair.trim().split('=');
    if (key === name) return value.join('=');
  }
  return null;
}
