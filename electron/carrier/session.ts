import type { Router } from '../backend/router.ts';
import { mergeMessages } from '../backend/merge.ts';
import type { ApiError, SubscriptionName } from '../contract/contract.ts';
import { clientFrameSchema, type ClientFrame, type ServerFrame } from '../contract/wire.ts';
import { Mailbox } from './mailbox.ts';

/** More than any window needs; a reader that asks for more is broken or hostile. */
const MAX_CALLS = 512;
const MAX_SUBSCRIPTIONS = 64;

/** The way to one renderer, over Electron IPC or a WebSocket. */
export interface Channel {
  send(frame: ServerFrame): void;
  /** Whether what was sent has piled up; the carrier then calls Session.drained() once it has not. */
  congested(): boolean;
}

/** One renderer's calls and subscriptions. Ends all of them when closed. */
export class Session {
  readonly #router: Router;
  readonly #channel: Channel;
  readonly #subscriptions = new Map<number, { readonly end: () => void; readonly mailbox: Mailbox<unknown> }>();
  readonly #calls = new Set<number>();
  #closed = false;

  constructor(router: Router, channel: Channel) {
    this.#router = router;
    this.#channel = channel;
  }

  /** Takes one frame as it arrived. Returns false when it was no frame of the protocol. */
  receive(raw: unknown): boolean {
    if (this.#closed) return true;
    const parsed = clientFrameSchema.safeParse(raw);
    if (!parsed.success) return false;
    this.#dispatch(parsed.data);
    return true;
  }

  /** The channel has room again. */
  drained(): void {
    for (const { mailbox } of this.#subscriptions.values()) mailbox.flush();
  }

  close(): void {
    this.#closed = true;
    for (const { end } of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
  }

  #dispatch(frame: ClientFrame): void {
    switch (frame.type) {
      case 'ping':
        this.#channel.send({ type: 'pong', id: frame.id });
        return;
      case 'call':
        void this.#call(frame);
        return;
      case 'subscribe':
        this.#subscribe(frame);
        return;
      case 'unsubscribe':
        this.#subscriptions.get(frame.id)?.end();
        this.#subscriptions.delete(frame.id);
    }
  }

  /** The router never rejects, so this never does. */
  async #call(frame: Extract<ClientFrame, { type: 'call' }>): Promise<void> {
    const refusal = this.#refuse(this.#calls.has(frame.id), this.#calls.size >= MAX_CALLS, 'calls');
    if (refusal !== null) {
      this.#channel.send({ type: 'error', id: frame.id, error: refusal });
      return;
    }
    this.#calls.add(frame.id);
    const result = await this.#router.handle(frame.kind, frame.name, frame.input);
    this.#calls.delete(frame.id);
    if (this.#closed) return;
    this.#channel.send(
      result.ok
        ? { type: 'result', id: frame.id, output: result.output }
        : { type: 'error', id: frame.id, error: result.error },
    );
  }

  #subscribe({ id, name, input }: Extract<ClientFrame, { type: 'subscribe' }>): void {
    const refusal = this.#refuse(
      this.#subscriptions.has(id),
      this.#subscriptions.size >= MAX_SUBSCRIPTIONS,
      'subscriptions',
    );
    if (refusal !== null) {
      this.#channel.send({ type: 'error', id, error: refusal });
      return;
    }
    const merge = Object.hasOwn(mergeMessages, name) ? mergeMessages[name as SubscriptionName] : undefined;
    const mailbox = new Mailbox<unknown>({
      merge: (merge as ((waiting: unknown, next: unknown) => unknown) | undefined) ?? ((_waiting, next) => next),
      send: (message) => this.#channel.send({ type: 'message', id, message }),
      congested: () => this.#channel.congested(),
    });
    let failed = false;
    const end = this.#router.subscribe(name, input, {
      message: (message) => mailbox.put(message),
      error: (error) => {
        failed = true;
        this.#subscriptions.delete(id);
        if (!this.#closed) this.#channel.send({ type: 'error', id, error });
      },
    });
    if (!failed) this.#subscriptions.set(id, { end, mailbox });
  }

  #refuse(taken: boolean, full: boolean, what: string): ApiError | null {
    if (taken) return { code: 'invalidInput', message: 'This frame id is already in use.', hint: null };
    if (full) {
      return { code: 'refused', message: `This window has too many ${what} under way.`, hint: 'Reload the window.' };
    }
    return null;
  }
}
