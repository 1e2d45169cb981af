import { describe, expect, it } from 'vitest';
import type { SendFault } from '../../../electron/contract/faults.ts';
import { linksHint, networkLinks, networkSentence } from '../../../renderer/features/overview/network.ts';
import { viewOf } from '../../support/view.ts';

const CUT: SendFault = { cut: true, delayMs: 0, dropPercent: 0 };
const SLOW: SendFault = { cut: false, delayMs: 200, dropPercent: 0 };
const LOSSY: SendFault = { cut: false, delayMs: 50, dropPercent: 30 };

/** Three nodes; `sends` by "1>2". */
function nodesWith(sends: Record<string, SendFault>) {
  return viewOf(['live', 'live', 'live']).nodes.map((node) => ({
    ...node,
    links: node.links.map((link) => {
      const mine = sends[`${node.id}>${link.to}`] ?? null;
      const theirs = sends[`${link.to}>${node.id}`] ?? null;
      const cut = mine?.cut === true || theirs?.cut === true;
      return { ...link, sends: mine, cut, connected: !cut, roundTripMs: 0.4 };
    }),
  }));
}

describe('the network map', () => {
  it('tells whole links, with their round trips', () => {
    const nodes = nodesWith({});
    const links = networkLinks(nodes);
    expect(links.map((link) => link.state)).toEqual(['up', 'up', 'up']);
    expect(networkSentence(nodes, links)).toBe(
      'Links between nodes: n1 to n2 0.4 ms, n1 to n3 0.4 ms, n2 to n3 0.4 ms.',
    );
  });

  it('tells cut, slow and lossy links apart, in words too', () => {
    const nodes = nodesWith({ '1>2': CUT, '2>1': CUT, '3>1': SLOW, '2>3': LOSSY, '3>2': LOSSY });
    const links = networkLinks(nodes);
    expect(links).toMatchObject([
      { state: 'cut', oneWay: null, effect: 'cut' },
      { state: 'slow', oneWay: 'back', effect: '+200 ms' },
      { state: 'lossy', oneWay: null, effect: '+50 ms, 30 % lost' },
    ]);
    expect(networkSentence(nodes, links)).toBe(
      'Links between nodes: n1 to n2 cut both ways, n3 to n1 +200 ms in that direction only, n2 to n3 +50 ms, 30 % lost both ways.',
    );
    expect(linksHint(links)).toBe('2 of 3 links up, 2 slowed');
  });

  it('names the worse of two directions and says both', () => {
    const nodes = nodesWith({ '1>2': SLOW, '2>1': CUT });
    const [link] = networkLinks(nodes);
    expect(link).toMatchObject({ state: 'cut', effect: 'cut', oneWay: null });
    expect(networkSentence(nodes, networkLinks(nodes))).toContain('n1 to n2 +200 ms and n2 to n1 cut');
  });

  it('keeps a link that a fault slows apart from one that is not there', () => {
    const nodes = nodesWith({ '1>2': SLOW }).map((node) => ({
      ...node,
      links: node.links.map((link) => ({ ...link, connected: false })),
    }));
    expect(networkLinks(nodes).map((link) => link.state)).toEqual(['slow', 'down', 'down']);
  });
});
