import { withToken, type Credentials } from '../client/credentials.ts';
import { NodeLink, type LinkRequest } from '../client/node-link.ts';
import { emptyResponse, KvStatus, type KvRequest, type KvResponse } from '../rpc/kv.ts';
import { requestBytes } from '../rpc/kv-request.ts';

/** Waiting longer than the other node itself does would hide its own answer. */
const GRACE_MS = 250;

/** Longer than any request waits, so that a link that is closed for it has nothing in flight. */
const UNUSED_MS = 5 * 60_000;
const SWEEP_MS = 30_000;
const LAST_ANSWERS_MS = 1_000;

interface Held {
  readonly target: string;
  readonly link: NodeLink;
  usedAtMs: number;
}

/**
 * Passes requests on to other nodes, over one link for each node and token: what is
 * forwarded comes with the token of its caller, and the other node decides about it as if
 * the caller had come there. So no node lends its own rights to anybody. Closed by its owner.
 */
export class Forwarder {
  readonly #links = new Map<string, Held>();
  /** Ways to end what is only waiting for answers. */
  readonly #ending = new Set<() => void>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #targetOf: (nodeId: number) => string;
  readonly #credentials: Credentials;

  /** `targetOf` gives host:port of a node's client interface, or '' for no member. */
  constructor(targetOf: (nodeId: number) => string, credentials: Credentials) {
    this.#targetOf = targetOf;
    this.#credentials = credentials;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  forward(nodeId: number, request: KvRequest, token: string | null, respond: (response: KvResponse) => void): void {
    const link = this.#linkTo(nodeId, token);
    if (link === null) {
      return respond(failed(request, KvStatus.NoLeader, `Node ${nodeId} is not a member of this cluster.`));
    }
    let timer: NodeJS.Timeout | null = null;
    const settle = (answer: KvResponse): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      respond(answer);
    };
    const attempt: LinkRequest = {
      request: { ...request },
      sizeBytes: requestBytes(request),
      sent: false,
      onResponse: settle,
      onLinkFailure: (reason) => settle(lost(request, attempt.sent, `node ${nodeId}: ${reason}`)),
    };
    timer = setTimeout(
      () => {
        link.forget(attempt);
        settle(lost(request, attempt.sent, `node ${nodeId} did not answer in time`));
      },
      (request.timeoutMs || 5_000) + GRACE_MS,
    );
    link.send(attempt);
  }

  /** What is forwarded from now on goes over new connections; the old ones end, with a moment for their answers. */
  reconnect(): void {
    const old = [...this.#links.values()];
    this.#links.clear();
    const timer = setTimeout(() => {
      this.#ending.delete(end);
      end();
    }, LAST_ANSWERS_MS);
    const end = (): void => {
      clearTimeout(timer);
      for (const { link } of old) link.close();
    };
    this.#ending.add(end);
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const end of this.#ending) end();
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
  }

  #linkTo(nodeId: number, token: string | null): NodeLink | null {
    const key = `${nodeId} ${token ?? ''}`;
    const known = this.#links.get(key);
    const target = this.#targetOf(nodeId);
    if (known !== undefined && known.target === target) {
      known.usedAtMs = performance.now();
      return known.link;
    }
    // Members come, go and change their addresses while this node runs.
    known?.link.close();
    this.#links.delete(key);
    if (target === '') return null;
    const credentials = token === null ? this.#credentials : withToken(this.#credentials, token);
    const link = new NodeLink(target, credentials);
    this.#links.set(key, { target, link, usedAtMs: performance.now() });
    return link;
  }

  #sweep(): void {
    const before = performance.now() - UNUSED_MS;
    for (const [key, { link, usedAtMs }] of this.#links) {
      if (usedAtMs > before) continue;
      link.close();
      this.#links.delete(key);
    }
  }
}

/** What is known of a request whose answer will not come: only a write that left may have happened. */
function lost(request: KvRequest, sent: boolean, reason: string): KvResponse {
  if ((request.write ?? request.transact) && sent) {
    return failed(request, KvStatus.UnknownOutcome, `The leader fell silent after it got the write (${reason}).`);
  }
  return failed(request, KvStatus.NoLeader, `The leader cannot be reached now (${reason}).`);
}

function failed(request: KvRequest, status: KvStatus, message: string): KvResponse {
  return { ...emptyResponse(request.id, 0, 0), status, message };
}
