import type { ProcessEvent } from '../../../engine/supervisor/types.ts';
import type { Condition, StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';
import { duration, nodeName, nodeNames, partitionNames, sentence, type Part } from './text.ts';

type ProcessInput = Extract<StoryInput, { type: 'process' }>;

/** What was done to the processes, by whom, and what each node led at that moment. */
export class ProcessTeller {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;

  constructor(context: StoryContext, buffer: ReorderBuffer) {
    this.#context = context;
    this.#buffer = buffer;
  }

  gone(event: ProcessEvent): void {
    const led = this.#context.unseat(event.nodeId);
    this.#context.setCondition(event.nodeId, goneCondition(event.kind), event.timeMs);
    this.#context.tellFault(
      {
        timeMs: event.timeMs,
        kind: event.kind === 'stopped' ? 'stopped' : event.kind === 'paused' ? 'paused' : 'fault',
        parts: sentence(nodeName(event.nodeId), goneWords(event), ledClause(led)),
        node: event.nodeId,
      },
      led,
    );
  }

  /** Returns the nodes that came up in this moment. */
  started(event: ProcessEvent): number[] {
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is ProcessInput => input.type === 'process' && input.event.kind === 'started',
    );
    const nodes = [event, ...together.map((input) => input.event)]
      .map((e) => e.nodeId)
      .filter((node, i, all) => all.indexOf(node) === i)
      .sort((a, b) => a - b);
    const wereGone = nodes.every((node) => this.#context.condition(node).sinceMs > 0);
    for (const node of nodes) this.#context.setCondition(node, 'up', event.timeMs);
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'started',
      parts: sentence(nodeNames(nodes), wereGone ? ' started again' : ' started', byWords(event.by), '.'),
      node: nodes.length === 1 ? event.nodeId : null,
      fault: this.#context.faultOf(event.nodeId, event.timeMs),
    });
    return nodes;
  }

  resumed(event: ProcessEvent): void {
    const before: Condition = this.#context.condition(event.nodeId);
    this.#context.setCondition(event.nodeId, 'up', event.timeMs);
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'resumed',
      parts: sentence(
        nodeName(event.nodeId),
        ' resumed',
        byWords(event.by),
        before.kind === 'paused' ? ` after ${duration(event.timeMs - before.sinceMs)}.` : '.',
      ),
      node: event.nodeId,
      fault: this.#context.faultOf(event.nodeId, event.timeMs),
    });
  }
}

/** " It led p0, p3 and p6." */
export function ledClause(led: readonly number[]): Part[] {
  return led.length === 0 ? sentence(' It led no partition.') : sentence(' It led ', partitionNames(led), '.');
}

export function byWords(by: ProcessEvent['by']): string {
  switch (by) {
    case 'app':
      return ' by you';
    case 'command':
      return ' by the prkdb command';
    case 'none':
      return '';
  }
}

function goneWords(event: ProcessEvent): string {
  const by = byWords(event.by);
  switch (event.kind) {
    case 'killed':
      return ` killed${by} (SIGKILL).`;
    case 'paused':
      return ` paused${by} (SIGSTOP).`;
    case 'stopped':
      return event.detail === '' ? ` stopped${by}.` : ` stopped${by}: ${event.detail.replace(/[.\s]+$/, '')}.`;
    case 'crashed':
      return event.detail === '' ? ' crashed.' : ` crashed: ${event.detail.replace(/[.\s]+$/, '')}.`;
    case 'started':
    case 'resumed':
      return '.';
  }
}

function goneCondition(kind: ProcessEvent['kind']): Condition['kind'] {
  return kind === 'paused' ? 'paused' : kind === 'stopped' ? 'stopped' : 'dead';
}
