/** Frames of the contract, both ways. */
export const FRAME_CHANNEL = 'prkdb:frame';
/** How many frames the window has taken since its page was loaded. */
export const ACK_CHANNEL = 'prkdb:ack';
