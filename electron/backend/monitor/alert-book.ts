import type { RuleName } from '../../contract/monitor-rules.ts';
import { clearedWords, type Condition } from './rules.ts';

/** Gone for as long before it counts as cleared, so that what flickers is told once. */
const CLEAR_AFTER_MS = 3_000;

export interface Change {
  readonly rule: RuleName;
  readonly change: 'fired' | 'cleared';
  readonly words: string;
  /** For cleared: how long it lasted. */
  readonly lastedMs: number | null;
}

export interface Firing {
  readonly rule: RuleName;
  readonly sinceMs: number;
  readonly words: string;
}

interface Open {
  sinceMs: number;
  words: string;
  severity: Condition['severity'];
  hasFired: boolean;
  /** Since when it was not seen any more. */
  goneSinceMs: number | null;
}

/** What holds in each cluster, for how long, and what of it has fired. No IO, no timers. */
export class AlertBook {
  readonly #clusters = new Map<string, Map<RuleName, Open>>();

  /** Goes on with what fired before the app was closed and has not cleared since. */
  resume(cluster: string, rule: RuleName, sinceMs: number, words: string): void {
    this.#of(cluster).set(rule, { sinceMs, words, severity: 'bad', hasFired: true, goneSinceMs: null });
  }

  /** What a look at a cluster changes. Of rules in `unknown` nothing can be said now. */
  take(
    cluster: string,
    { conditions, unknown }: { readonly conditions: readonly Condition[]; readonly unknown: ReadonlySet<RuleName> },
    nowMs: number,
  ): Change[] {
    const open = this.#of(cluster);
    const changes: Change[] = [];
    for (const condition of conditions) {
      const change = this.#hold(open, condition, nowMs);
      if (change !== null) changes.push(change);
    }
    for (const [rule, one] of open) {
      if (unknown.has(rule) || conditions.some((condition) => condition.rule === rule)) continue;
      one.goneSinceMs ??= nowMs;
      if (one.hasFired && nowMs - one.goneSinceMs < CLEAR_AFTER_MS) continue;
      open.delete(rule);
      if (one.hasFired) changes.push(cleared(rule, clearedWords[rule], one.goneSinceMs - one.sinceMs));
    }
    return changes;
  }

  /** The cluster is no longer watched. */
  forget(cluster: string, nowMs: number): Change[] {
    const open = this.#clusters.get(cluster) ?? new Map<RuleName, Open>();
    this.#clusters.delete(cluster);
    return [...open].flatMap(([rule, one]) =>
      one.hasFired ? [cleared(rule, 'The cluster is no longer watched.', nowMs - one.sinceMs)] : [],
    );
  }

  get clusters(): string[] {
    return [...this.#clusters.keys()];
  }

  firing(cluster: string): Firing[] {
    return [...(this.#clusters.get(cluster) ?? [])].flatMap(([rule, { hasFired, sinceMs, words }]) =>
      hasFired ? [{ rule, sinceMs, words }] : [],
    );
  }

  #hold(open: Map<RuleName, Open>, condition: Condition, nowMs: number): Change | null {
    const { rule, words, severity, holdMs } = condition;
    let one = open.get(rule);
    if (one === undefined) {
      one = { sinceMs: condition.sinceMs ?? nowMs, words, severity, hasFired: false, goneSinceMs: null };
      open.set(rule, one);
    }
    const isWorse = one.hasFired && severity === 'bad' && one.severity === 'warn';
    one.goneSinceMs = null;
    one.words = words;
    one.severity = severity;
    if (!isWorse && (one.hasFired || nowMs - one.sinceMs < holdMs)) return null;
    one.hasFired = true;
    return { rule, change: 'fired', words, lastedMs: null };
  }

  #of(cluster: string): Map<RuleName, Open> {
    let open = this.#clusters.get(cluster);
    if (open === undefined) {
      open = new Map();
      this.#clusters.set(cluster, open);
    }
    return open;
  }
}

function cleared(rule: RuleName, words: string, lastedMs: number): Change {
  return { rule, change: 'cleared', words, lastedMs: Math.max(0, lastedMs) };
}
