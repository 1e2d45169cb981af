import { WriteSession } from '../../engine/client/write-sessions.ts';

/** Clients that share a session, as the callers of one process do: their writes overtake each other. */
const CLIENTS_PER_SESSION = 2;

/** The sessions that clients have with the partitions, as far as they know. */
export class SharedSessions {
  readonly #sessions = new Map<string, WriteSession>();

  of(client: number, partition: number): WriteSession | undefined {
    return this.#sessions.get(nameOf(client, partition));
  }

  /** A second one that was opened meanwhile is left to expire. */
  opened(client: number, partition: number, id: number): void {
    const name = nameOf(client, partition);
    if (!this.#sessions.has(name)) this.#sessions.set(name, new WriteSession(partition, id));
  }

  gone(session: WriteSession, client: number): void {
    const name = nameOf(client, session.partition);
    if (this.#sessions.get(name) === session) this.#sessions.delete(name);
  }
}

function nameOf(client: number, partition: number): string {
  return `${Math.ceil(client / CLIENTS_PER_SESSION)}:${partition}`;
}
