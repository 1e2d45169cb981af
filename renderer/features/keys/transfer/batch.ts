/** What one call carries: as the contract bounds it, and little enough that progress is seen. */
export const BATCH_KEYS = 500;
export const BATCH_BYTES = 1024 * 1024;
