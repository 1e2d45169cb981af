import { z } from 'zod';

/** How long a fault may last before it ends by itself; null until it is ended. */
const durationMsSchema = z.number().int().min(1_000).max(3_600_000).nullable();
const delayMsSchema = z.number().int().min(0).max(10_000);

/** Asks for a fault; one that is on for the same node or link and direction is replaced. */
export const faultRequestSchema = z.discriminatedUnion('kind', [
  /** Cuts every link between the node and the others, both ways. */
  z.strictObject({ kind: z.literal('isolate'), node: z.number().int(), durationMs: durationMsSchema }),
  /** What becomes of messages from `node` to `to`, and back too when `bothWays`. */
  z.strictObject({
    kind: z.literal('link'),
    node: z.number().int(),
    to: z.number().int(),
    bothWays: z.boolean(),
    cut: z.boolean(),
    delayMs: delayMsSchema,
    /** The share of messages that is lost. */
    dropPercent: z.number().int().min(0).max(100),
    durationMs: durationMsSchema,
  }),
  /** Every write to the Raft log's disk takes so much longer. */
  z.strictObject({
    kind: z.literal('disk'),
    node: z.number().int(),
    delayMs: delayMsSchema,
    durationMs: durationMsSchema,
  }),
]);
export type FaultRequest = z.infer<typeof faultRequestSchema>;

const times = {
  id: z.string(),
  startedAtMs: z.number(),
  /** When it ends by itself; null when only a user ends it. */
  endsAtMs: z.number().nullable(),
};

/** A fault that this app keeps on. It ends with the app at the latest. */
export const activeFaultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('isolate'), node: z.number(), ...times }),
  z.object({
    kind: z.literal('link'),
    node: z.number(),
    to: z.number(),
    bothWays: z.boolean(),
    cut: z.boolean(),
    delayMs: z.number(),
    dropPercent: z.number(),
    ...times,
  }),
  z.object({ kind: z.literal('disk'), node: z.number(), delayMs: z.number(), ...times }),
]);
export type ActiveFault = z.infer<typeof activeFaultSchema>;

/** What a node does to the messages that it sends to one other, as the node itself reports it. */
export const sendFaultSchema = z.object({ cut: z.boolean(), delayMs: z.number(), dropPercent: z.number() });
export type SendFault = z.infer<typeof sendFaultSchema>;
