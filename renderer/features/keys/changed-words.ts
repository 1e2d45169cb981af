/** How long ago a key changed, short: "0.4 s", "14 min", "3 h", "2 d". */
export function changedWords(agoMs: number): string {
  const seconds = Math.max(0, agoMs) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
