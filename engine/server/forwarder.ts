import type { Credentials } from '../client/credentials.ts';
import { NodeLink, type LinkRequest } from '../client/node-link.ts';
import { KvStatus, type KvRequest, type KvResponse } from '../rpc/kv.ts';
import { response } from './responses.ts';

/** Waiting longer than the other node itself does would hide its own answer. */
const GRACE_MS = 250;

/** Keeps a link to every other node and passes requests on over them. Closed by its owner. */
export class Forwarder {
  readonly #links = new Map<number, NodeLink>();
  readonly #targetOf: (nodeId: number) => string;
  readonly #credentials: Credentials;

  /** `targetOf` gives host:port of a node's client interface, or '' for no member. */
  constructor(targetOf: (nodeId: number) => string, credentials: Credentials) {
    this.#targetOf = targetOf;
    this.#credentials = credentials;
  }

  forward(nodeId: number, request: KvRequest, respond: (response: KvResponse) => void): void {
    const link = this.#linkTo(nodeId);
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
      sizeBytes:
        64 + (request.get?.key.length ?? 0) + (request.write?.key.length ?? 0) + (request.write?.value.length ?? 0),
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

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #linkTo(nodeId: number): NodeLink | null {
    const known = this.#links.get(nodeId);
    if (known !== undefined) return known;
    const target = this.#targetOf(nodeId);
    if (target === '') return null;
    const link = new NodeLink(target, this.#credentials);
    this.#links.set(nodeId, link);
    return link;
  }
}

/** What is known of a request whose answer will not come: only a write that left may have happened. */
function lost(request: KvRequest, sent: boolean, reason: string): KvResponse {
  if (request.write && sent) {
    return failed(request, KvStatus.UnknownOutcome, `The leader fell silent after it got the write (${reason}).`);
  }
  return failed(request, KvStatus.NoLeader, `The leader cannot be reached now (${reason}).`);
}

function failed(request: KvRequest, status: KvStatus, message: string): KvResponse {
  return { ...response(request.id, 0, 0), status, message };
}
