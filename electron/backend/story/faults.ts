import type { ActiveFault, FaultRequest } from '../../contract/faults.ts';
import type { CatchUpTeller } from './catch-up.ts';
import type { Fault, StoryContext } from './context.ts';
import { ledClause } from './processes.ts';
import type { QuorumTeller } from './quorum.ts';
import { duration, nodeName, nodeNames, sentence, strong, type Part } from './text.ts';
import type { ThroughputTeller } from './throughput.ts';

type LinkFault = Extract<FaultRequest, { kind: 'link' }>;

/** The fault lab in words: what was cut, slowed or lost, and when that ended. */
export class FaultTeller {
  readonly #context: StoryContext;
  readonly #others: { quorum: QuorumTeller; throughput: ThroughputTeller; catchUp: CatchUpTeller };
  /** Nodes that were cut off as such. */
  readonly #isolated = new Set<number>();
  /** Directions of single links that are cut, as "1>2". */
  readonly #cuts = new Set<string>();
  readonly #slowDisks = new Set<number>();

  constructor(
    context: StoryContext,
    others: { quorum: QuorumTeller; throughput: ThroughputTeller; catchUp: CatchUpTeller },
  ) {
    this.#context = context;
    this.#others = others;
  }

  start(request: FaultRequest, timeMs: number, quiet: boolean): void {
    const fault = this.#tellStart(request, timeMs);
    this.#judge(timeMs);
    this.#others.quorum.update(timeMs, quiet);
    this.#others.throughput.fault(fault);
  }

  /** `by`: a user ended it, or its time was up. Returns the nodes that are connected again. */
  end(ended: ActiveFault, by: 'app' | 'time', timeMs: number): number[] {
    const node = ended.node;
    if (ended.kind === 'isolate') this.#isolated.delete(node);
    if (ended.kind === 'disk') this.#slowDisks.delete(node);
    if (ended.kind === 'link') for (const way of waysOf(ended)) this.#cuts.delete(way);
    const story = this.#context.faultOf(node, timeMs);
    const why =
      by === 'time'
        ? ` ended by itself after ${wholeWords((ended.endsAtMs ?? timeMs) - ended.startedAtMs)}, as you set.`
        : ` was ended by you after ${duration(timeMs - ended.startedAtMs)}.`;
    const parts =
      ended.kind === 'isolate'
        ? sentence(nodeName(node), ' is connected again: its isolation', why)
        : ended.kind === 'disk'
          ? sentence('The disk of ', nodeName(node), ' is as fast as before: the delay', why)
          : sentence('The link ', linkWords(ended), ' is whole again: the fault', why);
    this.#context.tell({ timeMs, kind: 'notice', parts, node, fault: story });
    return this.#judge(timeMs);
  }

  /** All at once, by a user or by a drill. Returns the nodes that are connected again. */
  heal(timeMs: number): number[] {
    const disks = this.#slowDisks.size > 0 ? ' and every disk is as fast as before' : '';
    this.forget();
    const isolated = this.#context.nodes.filter((node) => this.#context.condition(node).kind === 'isolated');
    for (const node of isolated) this.#context.setCondition(node, 'up', timeMs);
    const fault = isolated.length > 0 ? this.#context.faultOf(isolated[0]!, timeMs) : null;
    this.#context.tell({
      timeMs,
      kind: 'notice',
      parts: sentence(strong('Network healed'), ` by you: every link carries messages again${disks}.`),
      node: isolated.length === 1 ? isolated[0]! : null,
      fault,
    });
    return isolated;
  }

  /** The processes end, and the faults with them. */
  forget(): void {
    this.#isolated.clear();
    this.#cuts.clear();
    this.#slowDisks.clear();
  }

  #tellStart(request: FaultRequest, timeMs: number): Fault {
    const { node } = request;
    const span = forWords(request.durationMs);
    if (request.kind === 'isolate') {
      this.#isolated.add(node);
      const led = this.#context.unseat(node);
      return this.#context.tellFault(
        {
          timeMs,
          kind: 'fault',
          parts: sentence(nodeName(node), ` cut off by you${span}: every link to the others is cut.`, ledClause(led)),
          node,
        },
        led,
      );
    }
    if (request.kind === 'disk') {
      if (request.delayMs > 0) this.#slowDisks.add(node);
      else this.#slowDisks.delete(node);
      const parts =
        request.delayMs === 0
          ? sentence('The disk of ', nodeName(node), ' is as fast as before, as you asked.')
          : sentence(
              'The disk of ',
              nodeName(node),
              ` takes ${duration(request.delayMs)} longer for every write, as you asked${span}.`,
            );
      return this.#context.tellFault({ timeMs, kind: 'fault', parts, node }, this.#context.ledBy(node));
    }
    for (const way of waysOf(request)) {
      if (request.cut) this.#cuts.add(way);
      else this.#cuts.delete(way);
    }
    const led = request.cut ? this.#context.ledBy(node) : [];
    return this.#context.tellFault({ timeMs, kind: 'fault', parts: linkSentence(request, span), node }, led, [
      request.to,
    ]);
  }

  /** Who is cut off by now, be it link by link. Returns those that are not any more. */
  #judge(timeMs: number): number[] {
    const back: number[] = [];
    for (const node of this.#context.nodes) {
      const { kind } = this.#context.condition(node);
      const isCutOff = this.#isCutOff(node);
      if (isCutOff && kind === 'up') {
        this.#others.catchUp.cancel(node);
        this.#context.unseat(node);
        this.#context.setCondition(node, 'isolated', timeMs);
      } else if (!isCutOff && kind === 'isolated') {
        this.#context.setCondition(node, 'up', timeMs);
        back.push(node);
      }
    }
    return back;
  }

  #isCutOff(node: number): boolean {
    const others = this.#context.nodes.filter((other) => other !== node);
    return others.length > 0 && others.every((other) => this.#isCut(node, other));
  }

  #isCut(a: number, b: number): boolean {
    return this.#isolated.has(a) || this.#isolated.has(b) || this.#cuts.has(`${a}>${b}`) || this.#cuts.has(`${b}>${a}`);
  }
}

function waysOf({ node, to, bothWays }: Pick<LinkFault, 'node' | 'to' | 'bothWays'>): string[] {
  return bothWays ? [`${node}>${to}`, `${to}>${node}`] : [`${node}>${to}`];
}

function linkWords({ node, to, bothWays }: Pick<LinkFault, 'node' | 'to' | 'bothWays'>): Part[] {
  return bothWays
    ? sentence('between ', nodeNames([node, to]))
    : sentence('from ', nodeName(node), ' to ', nodeName(to));
}

function linkSentence(fault: LinkFault, span: string): Part[] {
  const { node, to, bothWays, cut, delayMs, dropPercent } = fault;
  if (cut && bothWays) return sentence(nodeNames([node, to]), ` cut off from each other by you${span}.`);
  if (cut) {
    return sentence(
      nodeName(node),
      ' no longer reaches ',
      nodeName(to),
      `: you cut that direction${span}. `,
      nodeName(to),
      ' still reaches ',
      nodeName(node),
      '.',
    );
  }
  const effects = [
    ...(delayMs > 0 ? [`take ${duration(delayMs)} longer`] : []),
    ...(dropPercent > 0 ? [delayMs > 0 ? `${dropPercent} % of them are lost` : 'are lost'] : []),
  ];
  if (effects.length === 0) return sentence('The link ', linkWords(fault), ' is whole again, as you asked.');
  const which = delayMs > 0 ? 'Messages ' : dropPercent === 100 ? 'All messages ' : `${dropPercent} % of the messages `;
  return sentence(which, linkWords(fault), ` ${effects.join(' and ')}, as you asked${span}.`);
}

function forWords(durationMs: number | null): string {
  return durationMs === null ? '' : `, for ${wholeWords(durationMs)}`;
}

/** "30 s", "5 min": what users choose is whole. */
function wholeWords(durationMs: number): string {
  return durationMs % 60_000 === 0 ? `${durationMs / 60_000} min` : `${Math.round(durationMs / 1000)} s`;
}
