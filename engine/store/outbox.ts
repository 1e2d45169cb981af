import type { GroupId } from '../config/ids.ts';
import type { Message, NodeId } from '../raft/types.ts';
import type { Envelope, Transport } from '../transport/types.ts';

/** Gathers a round's messages of all groups, so that each peer gets one frame. */
export class Outbox {
  readonly #transport: Pick<Transport, 'send'>;
  #waiting = new Map<NodeId, Envelope[]>();

  constructor(transport: Pick<Transport, 'send'>) {
    this.#transport = transport;
  }

  add(group: GroupId, messages: readonly Message[]): void {
    for (const message of messages) {
      const envelope = { group, message };
      const waiting = this.#waiting.get(message.to);
      if (waiting === undefined) this.#waiting.set(message.to, [envelope]);
      else waiting.push(envelope);
    }
  }

  flush(): void {
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [to, envelopes] of waiting) this.#transport.send(to, envelopes);
  }
}
