import { randomUUID } from 'node:crypto';
import type { Alert, Fleet, FleetRow, MonitorSettings } from '../../contract/monitor.ts';
import type { RuleName } from '../../contract/monitor-rules.ts';
import type { ClusterDriver } from '../clusters/driver.ts';
import { AlertBook, type Change } from './alert-book.ts';
import { ALERT_CAPACITY, type AlertLog } from './alert-log.ts';
import type { ClusterFacts } from './facts.ts';
import { fleetRow } from './fleet-row.ts';
import type { NoticeBoard } from './notice-board.ts';
import { isQuiet } from './quiet-hours.ts';
import { conditionsOf, ruleWords } from './rules.ts';
import type { SettingsStore } from './settings-store.ts';
import { WatchedCluster } from './watched-cluster.ts';

const TICK_MS = 1_000;
/** What nodes that are stopped and links that are cut bring about; a full disk is never meant. */
const MAY_BE_YOURS: ReadonlySet<RuleName> = new Set(['quorum', 'noLeader', 'unreachable', 'lag', 'churn']);

export interface MonitorOptions {
  /** The clusters there are now, by name. */
  readonly drivers: () => readonly ClusterDriver[];
  readonly isDrilled: (cluster: string) => boolean;
  readonly settings: SettingsStore;
  readonly log: AlertLog;
  readonly notices: NoticeBoard;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks at every cluster once a second, whether a window is open or not: what the rules watch for
 * is logged and told, and all clusters are put side by side.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #book = new AlertBook();
  readonly #watched = new Map<string, WatchedCluster>();
  readonly #opening = new Set<ClusterDriver>();
  /** Of what fires now: whether somebody was told. */
  readonly #howTold = new Map<string, Alert['told']>();
  readonly #fleetListeners = new Set<(fleet: Fleet) => void>();
  readonly #logListeners = new Set<(alerts: Alert[]) => void>();
  readonly #timer: NodeJS.Timeout;
  #rows: FleetRow[] = [];

  constructor(options: MonitorOptions) {
    this.#options = options;
    const stillFiring = new Map<string, Alert>();
    for (const alert of options.log.recent(ALERT_CAPACITY)) {
      const key = keyOf(alert.cluster, alert.rule);
      if (alert.change === 'cleared') stillFiring.delete(key);
      else if (!stillFiring.has(key)) stillFiring.set(key, alert);
    }
    for (const { cluster, rule, timeMs, words, told } of stillFiring.values()) {
      this.#book.resume(cluster, rule, timeMs, words);
      this.#howTold.set(keyOf(cluster, rule), told);
    }
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  get settings(): MonitorSettings {
    return this.#options.settings.settings;
  }

  async configure(settings: MonitorSettings): Promise<void> {
    const kept = this.#options.settings.set(settings);
    this.tick();
    await kept;
  }

  /** The listener is called at once. Returns the way to stop it. */
  watchFleet(listener: (fleet: Fleet) => void): () => void {
    this.#fleetListeners.add(listener);
    this.tick();
    return () => this.#fleetListeners.delete(listener);
  }

  /** What is kept of the log at once, then what is new. Returns the way to stop it. */
  watchLog(listener: (alerts: Alert[]) => void): () => void {
    this.#logListeners.add(listener);
    listener(this.#options.log.recent(ALERT_CAPACITY));
    return () => this.#logListeners.delete(listener);
  }

  /** Looks at all clusters now. */
  tick(): void {
    const nowMs = this.#options.now();
    const drivers = this.#options.drivers();
    this.#follow(drivers, nowMs);
    this.#rows = drivers.flatMap((driver) => {
      const watched = this.#watched.get(driver.name);
      return watched?.driver === driver ? [this.#look(watched, nowMs)] : [];
    });
    this.#tellLate(nowMs);
    const fleet = { timeMs: nowMs, rows: this.#rows };
    for (const listener of this.#fleetListeners) listener(fleet);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#fleetListeners.clear();
    this.#logListeners.clear();
    await this.#options.log.close();
  }

  /** Clusters come and go; one whose profile changed has another driver. */
  #follow(drivers: readonly ClusterDriver[], nowMs: number): void {
    for (const [name, { driver }] of this.#watched) if (!drivers.includes(driver)) this.#watched.delete(name);
    for (const driver of drivers) {
      if (this.#watched.get(driver.name)?.driver === driver || this.#opening.has(driver)) continue;
      this.#open(driver, nowMs).catch(this.#options.onError);
    }
    for (const cluster of this.#book.clusters) {
      if (drivers.some((driver) => driver.name === cluster)) continue;
      this.#record(cluster, this.#book.forget(cluster, nowMs), null, nowMs);
    }
  }

  async #open(driver: ClusterDriver, nowMs: number): Promise<void> {
    this.#opening.add(driver);
    try {
      const watched = await WatchedCluster.open(driver, nowMs, this.#options.onError);
      if (this.#options.drivers().includes(driver)) this.#watched.set(driver.name, watched);
    } finally {
      this.#opening.delete(driver);
    }
  }

  #look(watched: WatchedCluster, nowMs: number): FleetRow {
    const cluster = watched.driver.name;
    const { settings } = this;
    const facts = watched.look(nowMs, this.#options.isDrilled(cluster));
    const changes = this.#book.take(cluster, conditionsOf(facts, settings.rules, nowMs), nowMs);
    this.#record(cluster, changes, facts, nowMs);
    return fleetRow({
      cluster,
      facts,
      tally: watched.tally,
      sample: watched.driver.lastSample(),
      book: this.#book,
      isMuted: settings.muted.includes(cluster),
      nowMs,
    });
  }

  #record(cluster: string, changes: readonly Change[], facts: ClusterFacts | null, nowMs: number): void {
    if (changes.length === 0) return;
    const alerts = changes.map(({ rule, change, words, lastedMs }): Alert => {
      const key = keyOf(cluster, rule);
      const told = this.#whoIsTold(cluster, rule, change, facts, nowMs);
      if (change === 'fired') this.#howTold.set(key, told);
      else this.#howTold.delete(key);
      return { id: randomUUID(), timeMs: nowMs, cluster, rule, change, words, lastedMs, told };
    });
    this.#options.log.add(alerts);
    for (const listener of this.#logListeners) listener(alerts);
    for (const { rule, change, words, told } of alerts) {
      if (told === 'yes') this.#tell(cluster, rule, change, words);
    }
  }

  #whoIsTold(
    cluster: string,
    rule: RuleName,
    change: Alert['change'],
    facts: ClusterFacts | null,
    nowMs: number,
  ): Alert['told'] {
    if (this.settings.muted.includes(cluster)) return 'muted';
    // Who did not hear that it fired need not hear that it cleared.
    const fired = change === 'cleared' ? (this.#howTold.get(keyOf(cluster, rule)) ?? 'yes') : 'yes';
    if (fired !== 'yes') return fired;
    if (facts === null || (change === 'fired' && facts.isYourDoing && MAY_BE_YOURS.has(rule))) return 'yourDoing';
    return isQuiet(this.settings.quietHours, nowMs) ? 'quietHours' : 'yes';
  }

  /** Quiet hours are over: what fired in them and still holds is told now. */
  #tellLate(nowMs: number): void {
    if (isQuiet(this.settings.quietHours, nowMs)) return;
    for (const { cluster, firing, isMuted } of this.#rows) {
      for (const { rule, words } of firing) {
        const key = keyOf(cluster, rule);
        if (this.#howTold.get(key) !== 'quietHours' || isMuted) continue;
        this.#howTold.set(key, 'yes');
        this.#tell(cluster, rule, 'fired', words);
      }
    }
  }

  #tell(cluster: string, rule: Alert['rule'], change: Alert['change'], words: string): void {
    this.#options.notices.post({
      tone: change === 'fired' ? 'bad' : 'ok',
      title: change === 'fired' ? `${cluster}: ${ruleWords[rule]}` : `${cluster}: over (${ruleWords[rule]})`,
      text: words,
      path: `/c/${encodeURIComponent(cluster)}`,
    });
  }
}

function keyOf(cluster: string, rule: Alert['rule']): string {
  return `${rule} ${cluster}`;
}
