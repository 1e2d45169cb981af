import { expect, test } from 'vitest';
import type { ClusterSummary, StoryEvent } from '../../../electron/contract/model.ts';
import { matchesEvent, sentence, type EventFilter } from '../../../renderer/features/events/event-filter.ts';
import { eventsAsJson, eventsAsText, formatOffset } from '../../../renderer/features/events/event-text.ts';

const summary: ClusterSummary = {
  name: 'dev-3',
  kind: 'local',
  state: 'degraded',
  nodeCount: 3,
  nodesUp: 2,
  partitionCount: 8,
  replicationFactor: 3,
  owner: 'app',
  readOnly: false,
  environment: null,
  sinceMs: 0,
  dataDir: null,
  remote: null,
};

const noon = new Date(2026, 5, 21, 12, 4, 31, 220).getTime();

const killed: StoryEvent = {
  id: 'a',
  timeMs: noon,
  kind: 'fault',
  parts: [
    { text: 'n1', strong: true },
    { text: ' killed by you (SIGKILL).', strong: false },
  ],
  node: 1,
  partition: null,
  term: null,
  storyId: 'a',
  offsetMs: 0,
};

const elected: StoryEvent = {
  ...killed,
  id: 'b',
  timeMs: noon + 1184,
  kind: 'elected',
  parts: [{ text: 'n2 wins election for p0.', strong: false }],
  node: 2,
  partition: 0,
  term: 11,
  offsetMs: 1184,
};

const load: StoryEvent = {
  ...elected,
  id: 'c',
  kind: 'load',
  node: null,
  partition: null,
  storyId: null,
  offsetMs: null,
};

test('a sentence is its parts joined', () => {
  expect(sentence(killed)).toBe('n1 killed by you (SIGKILL).');
});

test('offsets count from the fault', () => {
  expect([killed, elected, load].map(formatOffset)).toEqual(['0 ms', '+1,184 ms', '']);
});

test('text is oldest first with times and offsets in columns', () => {
  const lines = eventsAsText(summary, [elected, killed]).split('\n');
  expect(lines[0]).toMatch(
    /^Cluster dev-3, 3 nodes, 8 partitions, replication factor 3, 2026-06-21 \(UTC[+-]\d\d:\d\d\)$/,
  );
  expect(lines.slice(1)).toEqual([
    '12:04:31.220       0 ms  n1 killed by you (SIGKILL).',
    '12:04:32.404  +1,184 ms  n2 wins election for p0.',
    '',
  ]);
  expect(eventsAsText(summary, [])).toBe('');
});

test('JSON keeps the events whole, oldest first', () => {
  expect(JSON.parse(eventsAsJson(summary, [elected, killed]))).toEqual({
    cluster: { name: 'dev-3', kind: 'local', nodeCount: 3, partitionCount: 8, replicationFactor: 3 },
    events: [killed, elected],
  });
});

test.each([
  [{}, ['a', 'b', 'c']],
  [{ node: 2 }, ['b']],
  [{ partition: 0 }, ['b']],
  [{ kind: 'faults' }, ['a']],
  [{ kind: 'elections' }, ['b']],
  [{ kind: 'load' }, ['c']],
  [{ kind: 'faults', node: 2 }, []],
] as const)('the filter %j leaves %j', (changes, ids) => {
  const filter: EventFilter = { node: null, partition: null, kind: 'all', ...changes };
  expect([killed, elected, load].filter((event) => matchesEvent(event, filter)).map((event) => event.id)).toEqual(ids);
});
