/**
 * The numbers both ends of the wire share. Apart from wire.ts so that the renderer
 * can read them without loading the schemas.
 */
export const WIRE_PATH = '/api';

/** The largest frame either side accepts: a value of 1 MiB in base64, twice, and room. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** How often a WebSocket client sends 'ping' when it has nothing else to send; it gives up after two unanswered. */
export const PING_INTERVAL_MS = 5_000;
