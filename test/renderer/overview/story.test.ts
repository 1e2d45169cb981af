import { expect, test } from 'vitest';
import { networkLinks, networkSentence } from '../../../renderer/features/overview/network.ts';
import { announcement, currentStory, STORY_MS } from '../../../renderer/features/overview/story.ts';
import { eventOf, viewOf } from '../../support/view.ts';

const fault = eventOf(1_000, 'fault', { id: 'f', storyId: 'f' });
const election = eventOf(1_600, 'elected', { storyId: 'f', offsetMs: 600 });
const load = eventOf(1_700, 'load');

test('the story of a fault is the fault and what came of it, while it is fresh', () => {
  expect(currentStory([fault, election, load], 2_000)?.events).toEqual([fault, election]);
  expect(currentStory([fault, election], 1_000 + STORY_MS + 1)).toBeNull();
  expect(currentStory([load], 2_000)).toBeNull();
});

test('a screen reader hears the last few sentences and a count of the rest', () => {
  expect(announcement([load])).toBe('load');
  expect(announcement([fault, election, load, load, load])).toBe('2 more events. load load load');
});

test('a link is cut if either end says so, and up only if both do', () => {
  const view = viewOf(['live', 'live', 'partitioned']);
  const nodes = view.nodes.map((node) => ({
    ...node,
    links: node.links.map((link) => ({ ...link, cut: node.id === 3, connected: node.id !== 3 && link.to !== 3 })),
  }));
  const links = networkLinks(nodes);
  expect(links.map(({ from, to, state }) => [from, to, state])).toEqual([
    [1, 2, 'up'],
    [1, 3, 'cut'],
    [2, 3, 'cut'],
  ]);
  expect(networkSentence(nodes, links)).toMatch(/^Links between nodes: n1 to n2 .*ms, n1 to n3 cut, n2 to n3 cut\.$/);
});

test('a link to a node that is gone is not up, whatever the other end still believes', () => {
  const links = networkLinks(viewOf(['dead', 'live', 'live']).nodes);
  expect(links.map((link) => link.state)).toEqual(['down', 'down', 'up']);
});
