/** Loads that start with one press. */
export const loadOffers = [
  { clients: 8, readPercent: 50 },
  { clients: 64, readPercent: 50 },
  { clients: 64, readPercent: 0 },
  { clients: 64, readPercent: 95 },
] as const;

/** "mixed", "writes" or "reads": what a load does, in one word. */
export function loadMix(readPercent: number): string {
  if (readPercent <= 10) return 'writes';
  return readPercent >= 90 ? 'reads' : 'mixed';
}
