import { ClusterClient } from '../../client/cluster-client.ts';
import { withToken, type Credentials } from '../../client/credentials.ts';
import type { Store } from '../../store/index.ts';

/** Calls the administration of the other nodes, where the routing table says they are. Closed by its owner. */
export class NodeDirectory {
  readonly #store: Store;
  readonly #own: Credentials;
  readonly #plain: Credentials;
  readonly #clients = new Map<number, ClusterClient>();

  /** `own` lets this node read for itself; with `plain` and the token of a caller it asks for that one. */
  constructor(store: Store, own: Credentials, plain: Credentials) {
    this.#store = store;
    this.#own = own;
    this.#plain = plain;
  }

  /** A client for one call on behalf of a caller, with that one's rights; whoever asks closes it. Null for no other member. */
  onBehalf(id: number, token: string | null): ClusterClient | null {
    const member = this.#store.routing.members.find((m) => m.id === id);
    if (member === undefined || id === this.#store.nodeId) return null;
    const credentials = token === null ? this.#plain : withToken(this.#plain, token);
    return new ClusterClient(dialTarget(member), { credentials });
  }

  /** A client for what this node wants to know itself. Null for what is no other member. */
  client(id: number): ClusterClient | null {
    const member = this.#store.routing.members.find((m) => m.id === id);
    const known = this.#clients.get(id);
    if (member === undefined || id === this.#store.nodeId) {
      known?.close();
      this.#clients.delete(id);
      return null;
    }
    const target = dialTarget(member);
    if (known?.address === target) return known;
    known?.close();
    const client = new ClusterClient(target, { credentials: this.#own });
    this.#clients.set(id, client);
    return client;
  }

  /** Ends every connection; whoever asks later gets a new one. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}

/** `host:port` of a node's client interface; IPv6 addresses in brackets. */
export function dialTarget(member: { readonly host: string; readonly clientPort: number }): string {
  const host = member.host.includes(':') ? `[${member.host}]` : member.host;
  return `${host}:${member.clientPort}`;
}
