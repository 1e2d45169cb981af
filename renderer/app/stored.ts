/**
 * A small preference that outlives the window. Reading and writing never throw:
 * storage may be denied or full, and then the default simply holds.
 */
export function readStored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    return allowed.find((value) => value === text) ?? fallback;
  } catch {
    return fallback;
  }
}

export function writeStored(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice holds until the window closes.
  }
}
