import type { StoryEvent } from '../../../electron/contract/model.ts';

/** What the feed's filter offers; each stands for the kinds that tell of it. */
export const kindGroups = {
  all: { label: 'All kinds', kinds: null },
  faults: { label: 'Faults', kinds: ['fault', 'paused', 'suspect', 'leaderless', 'error'] },
  elections: { label: 'Elections', kinds: ['candidate', 'splitVote', 'elected', 'leaderless', 'handover'] },
  recovery: { label: 'Recovery', kinds: ['recovered', 'started', 'resumed', 'elected'] },
  lifecycle: { label: 'Start and stop', kinds: ['started', 'stopped', 'paused', 'resumed'] },
  load: { label: 'Load', kinds: ['load'] },
} as const satisfies Record<string, { label: string; kinds: readonly StoryEvent['kind'][] | null }>;

export type KindGroup = keyof typeof kindGroups;

export function isKindGroup(name: string): name is KindGroup {
  return Object.hasOwn(kindGroups, name);
}

/** Null is any. */
export interface EventFilter {
  readonly node: number | null;
  readonly partition: number | null;
  readonly kind: KindGroup;
}

export function matchesEvent(event: StoryEvent, filter: EventFilter): boolean {
  const kinds: readonly StoryEvent['kind'][] | null = kindGroups[filter.kind].kinds;
  return (
    (filter.node === null || event.node === filter.node) &&
    (filter.partition === null || event.partition === filter.partition) &&
    (kinds === null || kinds.includes(event.kind))
  );
}

/** The sentence without its emphasis. */
export function sentence(event: StoryEvent): string {
  return event.parts.map((part) => part.text).join('');
}
