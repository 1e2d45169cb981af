import type { FaultRequest } from '../../../electron/contract/faults.ts';
import type { ClusterView, PartitionView } from '../../../electron/contract/model.ts';
import { formatList, plural } from '../../ui/format.ts';
import { faultMeans } from '../overview/fault-words.ts';
import { lossOf, lossSentence, partitionNames } from '../overview/loss.ts';
import { delayText } from './fault-text.ts';

export const faultKinds = ['cut', 'slow', 'disk', 'isolate'] as const;
export type FaultKind = (typeof faultKinds)[number];
export type Direction = 'both' | 'forth' | 'back';

/** The dialog's fields. */
export interface FaultForm {
  readonly kind: FaultKind;
  readonly node: number;
  /** The link's other end. */
  readonly to: number;
  readonly direction: Direction;
  readonly delayMs: number;
  readonly dropPercent: number;
  readonly diskDelayMs: number;
  readonly durationMs: number | null;
}

/** How long a fault may be set to last. */
export const durations: readonly { readonly ms: number | null; readonly label: string }[] = [
  { ms: 10_000, label: 'after 10 s' },
  { ms: 30_000, label: 'after 30 s' },
  { ms: 60_000, label: 'after 1 min' },
  { ms: 300_000, label: 'after 5 min' },
  { ms: 900_000, label: 'after 15 min' },
  { ms: null, label: 'when I heal it' },
];

/** What the address asks for, completed: two different nodes of the cluster. */
export function faultForm(nodes: readonly number[], params: URLSearchParams): FaultForm {
  const kind = faultKinds.find((one) => one === params.get('fault')) ?? 'cut';
  const known = (name: string) => nodes.find((node) => String(node) === params.get(name));
  const node = known('from') ?? nodes[0] ?? 1;
  const asked = known('to');
  const to = asked === undefined || asked === node ? (nodes.find((other) => other !== node) ?? node) : asked;
  return {
    kind,
    node,
    to,
    direction: 'both',
    delayMs: 200,
    dropPercent: 0,
    diskDelayMs: 400,
    durationMs: 30_000,
  };
}

/** Two ends stay different: the one that was there moves to the place of the other. */
export function withNode(form: FaultForm, node: number): FaultForm {
  return { ...form, node, to: form.to === node ? form.node : form.to };
}
export function withPeer(form: FaultForm, to: number): FaultForm {
  return { ...form, to, node: form.node === to ? form.to : form.node };
}

/** The fault that the fields stand for, or what is wrong with them. */
export function readFault(form: FaultForm): { ok: true; fault: FaultRequest } | { ok: false; problem: string } {
  const { kind, node, to, durationMs, direction } = form;
  if (kind === 'isolate') return { ok: true, fault: { kind, node, durationMs } };
  if (kind === 'disk') {
    if (!isWithin(form.diskDelayMs, 1, 10_000)) return { ok: false, problem: 'A disk delay is 1 to 10,000 ms.' };
    return { ok: true, fault: { kind, node, delayMs: form.diskDelayMs, durationMs } };
  }
  const [from, peer] = direction === 'back' ? [to, node] : [node, to];
  const link = { kind: 'link', node: from, to: peer, bothWays: direction === 'both', durationMs } as const;
  if (kind === 'cut') return { ok: true, fault: { ...link, cut: true, delayMs: 0, dropPercent: 0 } };
  const { delayMs, dropPercent } = form;
  if (!isWithin(delayMs, 0, 10_000)) return { ok: false, problem: 'A delay is 0 to 10,000 ms.' };
  if (!isWithin(dropPercent, 0, 100)) return { ok: false, problem: 'A share is 0 to 100 %.' };
  if (delayMs === 0 && dropPercent === 0) return { ok: false, problem: 'Give a delay or a share to lose.' };
  return { ok: true, fault: { ...link, cut: false, delayMs, dropPercent } };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/** What the fault will do to this cluster, before it is done. */
export function faultEffect(fault: FaultRequest, view: ClusterView): string {
  if (fault.kind === 'isolate') {
    const node = view.nodes.find((one) => one.id === fault.node);
    return node === undefined ? '' : `${faultMeans('isolate', node)} ${lossSentence(view, node, lossOf(view, node))}`;
  }
  if (fault.kind === 'disk') return diskEffect(fault.node, fault.delayMs, view);
  const name = (id: number) => view.nodes.find((one) => one.id === id)?.name ?? `n${id}`;
  const [a, b] = [name(fault.node), name(fault.to)];
  const which = fault.bothWays ? `between ${a} and ${b}, both ways,` : `from ${a} to ${b}`;
  const unheard = fault.bothWays ? '' : ` What ${b} sends to ${a} arrives.`;
  if (fault.cut || fault.dropPercent === 100) {
    return `Every message ${which} is lost.${unheard} ${cutEffect(fault.node, fault.to, view)}`;
  }
  const shared = sharedLed(fault.node, fault.to, view);
  const parts = [
    ...(fault.delayMs > 0 ? [`arrives ${delayText(fault.delayMs)} late`] : []),
    ...(fault.dropPercent > 0 ? [`has a chance of ${fault.dropPercent} % to be lost`] : []),
  ];
  return `Every message ${which} ${parts.join(' and ')}.${unheard} ${slowEffect(shared, view)}`;
}

/** Partitions that one of the two leads and the other follows. */
function sharedLed(a: number, b: number, view: ClusterView): PartitionView[] {
  return view.partitions.filter(
    ({ leader, replicas }) => (leader === a && replicas.includes(b)) || (leader === b && replicas.includes(a)),
  );
}

/** Replicas that a leader still reaches when one of them no longer answers it. */
function keepsQuorum(partition: PartitionView): boolean {
  const up = partition.replicas.length - partition.replicasDown - 1;
  return up > Math.floor(partition.replicas.length / 2);
}

function cutEffect(a: number, b: number, view: ClusterView): string {
  const shared = sharedLed(a, b, view);
  if (shared.length === 0) return 'Neither leads a partition that the other holds, so nothing else changes.';
  const stops = shared.filter((partition) => !keepsQuorum(partition));
  const lags = shared.filter((partition) => keepsQuorum(partition));
  return [
    ...(lags.length > 0
      ? [
          `One copy of ${partitionNames(lags)} falls behind; the leader and the rest still make a majority, so writes go on.`,
        ]
      : []),
    ...(stops.length > 0
      ? [
          `${capital(partitionNames(stops))} ${stops.length === 1 ? 'has' : 'have'} no other copy for a majority: writes wait there.`,
        ]
      : []),
  ].join(' ');
}

function slowEffect(shared: readonly PartitionView[], view: ClusterView): string {
  if (shared.length === 0) return 'Neither leads a partition that the other holds, so no write waits for it.';
  const waits = shared.filter((partition) => !keepsQuorum(partition));
  if (waits.length === 0) {
    const copies = plural(Math.max(...view.partitions.map(({ replicas }) => replicas.length)), 'copy', 'copies');
    return `Writes to ${partitionNames(shared)} commit with the faster of the ${copies}; the other one lags.`;
  }
  return `Writes to ${partitionNames(waits)} need this link for their majority and slow down with it.`;
}

function diskEffect(id: number, delayMs: number, view: ClusterView): string {
  const node = view.nodes.find((one) => one.id === id);
  const led = view.partitions.filter((partition) => partition.leader === id);
  const what = `Every write of ${node?.name ?? `n${id}`} to its log takes ${delayText(delayMs)} longer.`;
  const rest = 'It goes on sending heartbeats, so it is not taken for dead.';
  if (led.length === 0) return `${what} It leads nothing, so the others commit without waiting for it. ${rest}`;
  const majority = led.every((partition) => partition.replicas.length >= 3);
  const others = majority ? ', though the copies on the others can commit without it' : '';
  return `${what} It leads ${formatList(led.map(({ partition }) => `p${partition}`).slice(0, 6))}${led.length > 6 ? ' and more' : ''}: its own copy is late there${others}. ${rest}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
