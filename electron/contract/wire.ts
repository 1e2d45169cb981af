import { z } from 'zod';
import { apiErrorSchema } from './contract.ts';

export { MAX_FRAME_BYTES, PING_INTERVAL_MS, WIRE_PATH } from './wire-limits.ts';

/**
 * The frames both carriers exchange: one JSON text frame each over the WebSocket at
 * WIRE_PATH, one structured clone each over Electron IPC. Inputs, outputs and messages
 * are opaque here; the contract's own schemas check them on either side.
 */

/** Chosen by the client, unique among its calls and subscriptions that are under way. */
const frameId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(64);

export const clientFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('call'),
    id: frameId,
    kind: z.enum(['query', 'command']),
    name,
    input: z.unknown(),
  }),
  z.strictObject({ type: z.literal('subscribe'), id: frameId, name, input: z.unknown() }),
  z.strictObject({ type: z.literal('unsubscribe'), id: frameId }),
  /** Answered by 'pong' with the same id. */
  z.strictObject({ type: z.literal('ping'), id: frameId }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

/**
 * 'result' ends a call. 'error' ends a call or a subscription. 'message' belongs to a
 * subscription; a slow reader gets the newest view and every sample and event, never a
 * queue of old views.
 */
export const serverFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('result'), id: frameId, output: z.unknown() }),
  z.object({ type: z.literal('error'), id: frameId, error: apiErrorSchema }),
  z.object({ type: z.literal('message'), id: frameId, message: z.unknown() }),
  z.object({ type: z.literal('pong'), id: frameId }),
]);
export type ServerFrame = z.infer<typeof serverFrameSchema>;

/**
 * What the Electron preload puts on `window.prkdb`; the renderer uses it when it is
 * there and the WebSocket otherwise. Frames from `onFrame` are unparsed.
 */
export interface Bridge {
  send(frame: ClientFrame): void;
  onFrame(listener: (frame: unknown) => void): () => void;
}
