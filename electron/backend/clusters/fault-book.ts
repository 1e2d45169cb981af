import type { ActiveFault, FaultRequest } from '../../contract/faults.ts';
import type { Faults, LinkFault } from '../../../engine/rpc/cluster.ts';

interface Times {
  readonly id: string;
  readonly startedAtMs: number;
  readonly endsAtMs: number | null;
}
type SendEffect = Omit<LinkFault, 'toNodeId'>;
interface SendEntry extends Times {
  readonly from: number;
  readonly to: number;
  readonly effect: SendEffect;
}

const CUT: SendEffect = { cut: true, delayMs: 0, drop: 0 };

/**
 * The faults this app wants a cluster to suffer: each until it is ended or its time is up.
 * Each node is told its own part; one that comes back is told again, since faults end with
 * the process. Kept per direction of a link, so that a fault one way leaves the other alone.
 */
export class FaultBook {
  readonly #nodes: readonly number[];
  #isolated = new Map<number, Times>();
  #sends = new Map<string, SendEntry>();
  #disks = new Map<number, Times & { readonly delayMs: number }>();
  /** Nodes that took a fault of ours and were not yet told of its end. */
  readonly #faulted = new Set<number>();
  #lastId = 0;

  constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
  }

  get isEmpty(): boolean {
    return this.#isolated.size + this.#sends.size + this.#disks.size === 0;
  }

  isIsolated(node: number): boolean {
    return this.#isolated.has(node);
  }

  /** Replaces what is there for the same node, or link and direction. One without effect only removes that. */
  add(request: FaultRequest, nowMs: number): void {
    this.#lastId += 1;
    const { node, durationMs } = request;
    const times = {
      id: `fault-${this.#lastId}`,
      startedAtMs: nowMs,
      endsAtMs: durationMs === null ? null : nowMs + durationMs,
    };
    if (request.kind === 'isolate') {
      this.#isolated.set(node, times);
    } else if (request.kind === 'disk') {
      this.#disks.delete(node);
      if (request.delayMs > 0) this.#disks.set(node, { ...times, delayMs: request.delayMs });
    } else {
      const { to, cut, delayMs, dropPercent, bothWays } = request;
      // What is lost is not delayed too.
      const effect = cut ? CUT : { cut, delayMs, drop: dropPercent / 100 };
      const ways = bothWays ? [[node, to] as const, [to, node] as const] : [[node, to] as const];
      for (const [from, peer] of ways) {
        const key = `${from}>${peer}`;
        this.#sends.delete(key);
        if (hasEffect(effect)) this.#sends.set(key, { ...times, from, to: peer, effect });
      }
    }
  }

  /** Ends a fault. Returns it as it was, or null when there is none of this id. */
  end(id: string): ActiveFault | null {
    const ended = this.active().find((fault) => fault.id === id) ?? null;
    this.#keep((times) => times.id !== id);
    return ended;
  }

  /** Ends those whose time is up, and returns them. */
  expire(nowMs: number): ActiveFault[] {
    const isOver = ({ endsAtMs }: { endsAtMs: number | null }) => endsAtMs !== null && endsAtMs <= nowMs;
    const over = this.active().filter(isOver);
    if (over.length > 0) this.#keep((times) => !isOver(times));
    return over;
  }

  clear(): void {
    this.#keep(() => false);
  }

  /** What is there now, to come back to with restore(). */
  save(): () => void {
    const [isolated, sends, disks] = [new Map(this.#isolated), new Map(this.#sends), new Map(this.#disks)];
    return () => {
      this.#isolated = isolated;
      this.#sends = sends;
      this.#disks = disks;
    };
  }

  /** Oldest first. */
  active(): ActiveFault[] {
    const links: ActiveFault[] = [];
    for (const { from, to, effect, ...times } of this.#sends.values()) {
      const back = links.find((one) => one.kind === 'link' && one.id === times.id);
      if (back?.kind === 'link') back.bothWays = true;
      else {
        const { cut, delayMs, drop } = effect;
        links.push({
          kind: 'link',
          node: from,
          to,
          bothWays: false,
          cut,
          delayMs,
          dropPercent: percent(drop),
          ...times,
        });
      }
    }
    const all: ActiveFault[] = [
      ...[...this.#isolated].map(([node, times]) => ({ kind: 'isolate' as const, node, ...times })),
      ...links,
      ...[...this.#disks].map(([node, disk]) => ({ kind: 'disk' as const, node, ...disk })),
    ];
    return all.sort((a, b) => a.startedAtMs - b.startedAtMs || a.id.localeCompare(b.id, 'en', { numeric: true }));
  }

  /** What this node must be told: an isolated one cuts all its links, the others theirs to it. */
  of(node: number): Faults {
    const links = this.#nodes
      .filter((other) => other !== node)
      .flatMap((toNodeId): LinkFault[] => {
        const isCut = this.#isolated.has(node) || this.#isolated.has(toNodeId);
        const effect = isCut ? CUT : this.#sends.get(`${node}>${toNodeId}`)?.effect;
        return effect === undefined ? [] : [{ toNodeId, ...effect }];
      });
    const diskDelayMs = this.#disks.get(node)?.delayMs ?? 0;
    return { links, diskDelayMs, logLimitBytes: 0, stateLimitBytes: 0 };
  }

  /** The node has taken these. */
  told(node: number, faults: Faults): void {
    if (textOf(faults) === '') this.#faulted.delete(node);
    else this.#faulted.add(node);
  }

  /** Whether what a node reports differs from what it must be told. Faults that are not ours are left alone. */
  mustTell(node: number, reported: Faults | null): boolean {
    if (this.isEmpty && !this.#faulted.has(node)) return false;
    return textOf(this.of(node)) !== textOf(reported);
  }

  #keep(stays: (times: Times) => boolean): void {
    for (const map of [this.#isolated, this.#sends, this.#disks] as Map<unknown, Times>[]) {
      for (const [key, times] of map) if (!stays(times)) map.delete(key);
    }
  }
}

export const percent = (drop: number): number => Math.round(drop * 100);

function hasEffect({ cut, delayMs, drop }: SendEffect): boolean {
  return cut || delayMs > 0 || drop > 0;
}

/** The same text for the same links and disk delay, whatever their order; empty for none. */
function textOf(faults: Faults | null): string {
  if (faults === null) return '';
  const links = faults.links
    .filter(hasEffect)
    .map(({ toNodeId, cut, delayMs, drop }) => `${toNodeId}:${cut}/${delayMs}/${percent(drop)}`);
  return [...links.sort(), ...(faults.diskDelayMs > 0 ? [`disk:${faults.diskDelayMs}`] : [])].join();
}
