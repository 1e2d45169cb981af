import { randomUUID } from 'node:crypto';
import type { ClusterView, StoryEvent } from '../../contract/model.ts';
import { duration, sentence, strong } from '../story/text.ts';

/** A partition's leader and term, a node's presence: what the feed of a polled cluster is told from. */
interface Known {
  readonly present: ReadonlyMap<string, boolean>;
  readonly partitions: ReadonlyMap<number, { leader: string | null; term: number }>;
}

/**
 * The feed of a cluster that tells its state and no events: each change between two looks
 * becomes a sentence. Which of several changes between two looks came first cannot be known;
 * what is concluded and not said by the cluster itself is marked as inferred.
 */
export class RemoteStory {
  readonly #inferred: boolean;
  #known: Known | null = null;
  /** When each partition lost its leader. */
  readonly #leaderlessSinceMs = new Map<number, number>();

  constructor(options: { readonly inferred: boolean }) {
    this.#inferred = options.inferred;
  }

  /** What is to tell after this look. `problems`: why a node does not answer, by its name. */
  take(view: ClusterView, problems: ReadonlyMap<string, string>): StoryEvent[] {
    const before = this.#known;
    const present = new Map(view.nodes.map((node) => [node.name, node.state === 'live']));
    const nameOf = (id: number): string | null => view.nodes.find((node) => node.id === id)?.name ?? null;
    const partitions = new Map(
      view.partitions.map((one) => [one.partition, { leader: nameOf(one.leader), term: one.term }]),
    );
    this.#known = { present, partitions };
    const events: StoryEvent[] = [];
    for (const node of view.nodes) {
      const was = before?.present.get(node.name);
      const is = node.state === 'live';
      if (before !== null && was === undefined) {
        events.push(this.#event(view, 'notice', sentence(strong(node.name), ' is a member now.'), { node: node.id }));
      } else if (was === true && !is) {
        const why = problems.get(node.name);
        const parts = sentence(
          strong(node.name),
          ' does not answer',
          why === undefined ? '.' : `: ${why.replace(/\.$/, '')}.`,
        );
        events.push(this.#event(view, 'suspect', parts, { node: node.id }));
      } else if (was === false && is) {
        events.push(this.#event(view, 'recovered', sentence(strong(node.name), ' answers.'), { node: node.id }));
      }
    }
    for (const name of before?.present.keys() ?? []) {
      if (present.has(name)) continue;
      events.push(this.#event(view, 'notice', sentence(strong(name), ' is no member any more.'), {}));
    }
    for (const [partition, now] of partitions) {
      events.push(...this.#leadership(view, partition, before?.partitions.get(partition) ?? null, now));
    }
    return events;
  }

  #leadership(
    view: ClusterView,
    partition: number,
    before: { leader: string | null; term: number } | null,
    now: { leader: string | null; term: number },
  ): StoryEvent[] {
    if (before === null) return [];
    const where = view.partitions.length > 1 ? sentence(' for ', strong(`p${partition}`)) : [];
    const about = { partition, term: now.term };
    if (now.leader === null) {
      if (before.leader === null) return [];
      this.#leaderlessSinceMs.set(partition, view.timeMs);
      return [this.#event(view, 'leaderless', sentence('No leader', where, '.'), about)];
    }
    if (now.leader === before.leader && now.term === before.term) return [];
    const lostMs = this.#leaderlessSinceMs.get(partition);
    this.#leaderlessSinceMs.delete(partition);
    const gap = lostMs === undefined ? '' : ` About ${duration(view.timeMs - lostMs)} without leader.`;
    const note = this.#inferred ? ' (inferred)' : '';
    const verb = now.leader === before.leader ? ' leads again' : ' leads';
    const parts = sentence(strong(now.leader), verb, where, ` in term ${now.term}${note}.${gap}`);
    const node = view.nodes.find((one) => one.name === now.leader)?.id;
    return [this.#event(view, 'elected', parts, { ...about, ...(node === undefined ? {} : { node }) })];
  }

  #event(
    view: ClusterView,
    kind: StoryEvent['kind'],
    parts: StoryEvent['parts'],
    about: { node?: number; partition?: number; term?: number },
  ): StoryEvent {
    return {
      id: randomUUID(),
      timeMs: view.timeMs,
      kind,
      parts,
      node: about.node ?? null,
      partition: about.partition ?? null,
      term: about.term ?? null,
      storyId: null,
      offsetMs: null,
    };
  }
}
