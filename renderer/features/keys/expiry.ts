import type { KeyMeta } from '../../../electron/contract/model.ts';
import { formatSpan } from '../../ui/format.ts';

/** What a save does to a key's time to live: `keep` leaves the moment at which it goes. */
export type Expiry = 'never' | 'keep' | `${number}`;

const spans: readonly { readonly ms: number; readonly label: string }[] = [
  { ms: 60_000, label: 'in 1 min' },
  { ms: 600_000, label: 'in 10 min' },
  { ms: 3_600_000, label: 'in 1 h' },
  { ms: 86_400_000, label: 'in 1 d' },
  { ms: 604_800_000, label: 'in 7 d' },
];

/** When a key goes by itself; null for one that stays. */
export function expiresAt(meta: KeyMeta | null): number | null {
  return meta?.expiresAtMs ?? null;
}

export function expiryOptions(meta: KeyMeta | null): { value: Expiry; label: string }[] {
  return [
    ...(expiresAt(meta) === null ? [] : [{ value: 'keep' as const, label: 'as it is' }]),
    { value: 'never', label: 'never' },
    ...spans.map(({ ms, label }) => ({ value: `${ms}` as const, label })),
  ];
}

/** What a save without a choice means: nothing about it changes. */
export function usualExpiry(meta: KeyMeta | null): Expiry {
  return expiresAt(meta) === null ? 'never' : 'keep';
}

/** The time to live that a write sends; null for a key that stays. One that is about to go gets a moment more. */
export function ttlOf(expiry: Expiry, meta: KeyMeta | null, nowMs: number): number | null {
  if (expiry === 'never') return null;
  if (expiry !== 'keep') return Number(expiry);
  const at = expiresAt(meta);
  return at === null ? null : Math.max(1, Math.round(at - nowMs));
}

/** "in 4 m 3 s", "now". */
export function expiryWords(atMs: number, nowMs: number): string {
  return atMs <= nowMs ? 'now' : `in ${formatSpan(atMs - nowMs + 999)}`;
}
