import { MessageType } from './types.ts';
import type { LogIndex, Message, NodeId, RaftEvent, ReadState } from './types.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/** What the next ready will carry besides the log. */
export class Outbox {
  #messages: Message[] = [];
  #afterPersist: Message[] = [];
  #readStates: ReadState[] = [];
  #rejectedReads: number[] = [];
  #events: RaftEvent[] = [];
  #snapshotsDue: NodeId[] = [];

  get isEmpty(): boolean {
    return (
      this.#messages.length === 0 &&
      this.#afterPersist.length === 0 &&
      this.#readStates.length === 0 &&
      this.#rejectedReads.length === 0 &&
      this.#events.length === 0 &&
      this.#snapshotsDue.length === 0
    );
  }

  sendNow(message: Message): void {
    this.#messages.push(message);
  }

  sendAfterPersist(message: Message): void {
    this.#afterPersist.push(message);
  }

  releaseRead(requestId: number, index: LogIndex): void {
    this.#readStates.push({ requestId, index });
  }

  rejectRead(requestId: number): void {
    this.#rejectedReads.push(requestId);
  }

  askForSnapshot(peer: NodeId): void {
    this.#snapshotsDue.push(peer);
  }

  /** This peer is no member any more. */
  forgetSnapshot(peer: NodeId): void {
    this.#snapshotsDue = this.#snapshotsDue.filter((id) => id !== peer);
  }

  emit(event: RaftEvent): void {
    this.#events.push(event);
  }

  /**
   * Entries from `index` on were replaced before any ready carried them to the disk:
   * an acknowledgement that was to follow them would claim what never became durable.
   */
  dropAcknowledgementsFrom(index: LogIndex): void {
    const isVoid = (m: Message) => m.type === MessageType.AppendResponse && !m.reject && m.index >= index;
    this.#afterPersist = this.#afterPersist.filter((message) => !isVoid(message));
  }

  takeMessages(): readonly Message[] {
    if (this.#messages.length === 0) return NOTHING;
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }

  takeAfterPersist(): readonly Message[] {
    if (this.#afterPersist.length === 0) return NOTHING;
    const taken = this.#afterPersist;
    this.#afterPersist = [];
    return taken;
  }

  takeReadStates(): readonly ReadState[] {
    if (this.#readStates.length === 0) return NOTHING;
    const taken = this.#readStates;
    this.#readStates = [];
    return taken;
  }

  takeRejectedReads(): readonly number[] {
    if (this.#rejectedReads.length === 0) return NOTHING;
    const taken = this.#rejectedReads;
    this.#rejectedReads = [];
    return taken;
  }

  takeSnapshotsDue(): readonly NodeId[] {
    if (this.#snapshotsDue.length === 0) return NOTHING;
    const taken = this.#snapshotsDue;
    this.#snapshotsDue = [];
    return taken;
  }

  takeEvents(): readonly RaftEvent[] {
    if (this.#events.length === 0) return NOTHING;
    const taken = this.#events;
    this.#events = [];
    return taken;
  }
}
