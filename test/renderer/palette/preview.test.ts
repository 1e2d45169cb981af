import { describe, expect, test } from 'vitest';
import type { ClusterView } from '../../../electron/contract/model.ts';
import type { Scene } from '../../../renderer/features/palette/action.ts';
import { paletteActions } from '../../../renderer/features/palette/actions.ts';
import { measureElections } from '../../../renderer/features/palette/elections.ts';
import { sampleOf, viewOf } from '../../support/view.ts';
import { labelled, sceneOf } from './scene.ts';

const previewOf = (label: string, view: ClusterView, over: Partial<Scene> = {}) =>
  labelled(paletteActions(sceneOf(view, over)), label).preview();

const factOf = (label: string, view: ClusterView, fact: string, over: Partial<Scene> = {}) =>
  previewOf(label, view, over).facts?.find((one) => one.label === fact);

/** Three nodes; n1 leads p0, p3 and p6. */
const three = viewOf(['live', 'live', 'live']);

describe('killing a node, before it is done', () => {
  test('says what it leads, who stays, and how long nobody leads', () => {
    expect(previewOf('Kill n1', three).text).toMatch(
      /^Sends SIGKILL to n1.* Its data stays on disk\. Two of three nodes stay: p0, p3 and p6 get new leaders after about half a second, the others serve on\.$/,
    );
    expect(factOf('Kill n1', three, 'Nodes left')?.value).toBe('2 of 3, quorum holds');
    expect(factOf('Kill n1', three, 'Leads')?.led?.map((one) => one.name)).toEqual(['p0', 'p3', 'p6']);
    expect(factOf('Kill n1', three, 'Undo')?.value).toBe('Start n1');
  });

  test('takes the measured time where elections were seen', () => {
    const elections = { medianMs: 412, count: 12 };
    expect(previewOf('Kill n1', three, { elections }).text).toContain('get new leaders after about 412 ms,');
    expect(factOf('Kill n1', three, 'Without leader', { elections })?.value).toBe(
      'about 412 ms, median of 12 elections',
    );
  });

  test('says so when the quorum goes with it', () => {
    const view = viewOf(['live', 'live', 'dead']);
    expect(previewOf('Kill n1', view).text).toContain('One of three nodes stays: every partition loses its quorum');
    expect(factOf('Kill n1', view, 'Nodes left')?.value).toBe('1 of 3, quorum is lost');
    expect(factOf('Kill n1', view, 'Without leader')).toBeUndefined();
  });

  test('names only the partitions that stop when others have copies elsewhere', () => {
    // Five nodes, three copies: without n1, n2 is the second copy lost of p0, p3 and p4 where it holds one.
    const view = viewOf(['dead', 'live', 'live', 'live', 'live'], { partitions: 5, copies: 3 });
    expect(previewOf('Kill n2', view).text).toContain('Three of five nodes stay: p0 and p4 lose their quorum');
    expect(factOf('Kill n2', view, 'Nodes left')?.value).toBe('3 of 5, no quorum in p0 and p4');
  });

  test('a single node is all there is', () => {
    expect(previewOf('Kill n1', viewOf(['live'])).text).toMatch(
      /No other node is live: every partition loses its quorum, .* until n1 comes back\./,
    );
  });

  test('a node that leads nothing is not missed', () => {
    const view = { ...three, partitions: three.partitions.map((partition) => ({ ...partition, leader: 2 })) };
    expect(previewOf('Kill n1', view).text).toContain(
      'n1 leads nothing and two of three nodes stay, so no partition pauses.',
    );
  });

  test('draws who is down and who stands afterwards', () => {
    const after = previewOf('Kill n1', three).after;
    expect(after?.rows[0]).toEqual({ node: 'n1', roles: Array(8).fill('X') });
    // p0 was led by n1, p1 by n2.
    expect(after?.rows[1]?.roles.slice(0, 3)).toEqual(['C', 'L', 'F']);
    expect(after?.partitions.filter((one) => one.changes).map((one) => one.name)).toEqual(['p0', 'p3', 'p6']);
    expect(after?.sentence).toBe('Afterwards n1 is out and p0, p3 and p6 elect a new leader.');
  });

  test('says one as one: a partition, and all of them as all', () => {
    const led = (count: number) => ({
      ...three,
      partitions: three.partitions.map((partition, i) => ({ ...partition, leader: i < count ? 1 : 2 })),
    });
    expect(previewOf('Kill n1', led(1)).text).toContain('p0 gets a new leader after about half a second, the others');
    expect(previewOf('Kill n1', led(1)).after?.sentence).toBe('Afterwards n1 is out and p0 elects a new leader.');
    expect(previewOf('Kill n1', led(7)).text).toContain('7 partitions get new leaders');
    expect(previewOf('Kill n1', led(7)).text).toContain(', the other one serves on.');
    expect(previewOf('Kill n1', led(8)).text).toMatch(/every partition gets a new leader after about half a second\.$/);
    const single = viewOf(['live'], { partitions: 1 });
    expect(previewOf('Kill n1', single).text).toContain('No other node is live: p0 loses its quorum, and writes');
  });

  test('of a leader named by its partition, what else it leads', () => {
    expect(factOf('Kill leader of p3', three, 'Also leads')?.led?.map((one) => one.name)).toEqual(['p0', 'p6']);
    expect(factOf('Kill leader of p3', three, 'Leads')).toBeUndefined();
  });

  test('of many partitions draws those that change first', () => {
    const many = viewOf(['live', 'live', 'live'], { partitions: 64 });
    const after = previewOf('Kill n1', many).after;
    expect(after?.partitions).toHaveLength(8);
    expect(after?.partitions.every((one) => one.changes)).toBe(true);
    expect(after?.hidden).toBe(56);
  });
});

test('bringing a node back says what the cluster has of it', () => {
  expect(previewOf('Start n3', viewOf(['live', 'live', 'dead'])).text).toBe(
    'Starts n3 on the data it has. It follows the leaders there are and catches up by itself.',
  );
  expect(previewOf('Resume n2', viewOf(['live', 'paused', 'dead'])).text).toBe(
    'Lets n2 go on where it was frozen. With it, every partition has a quorum again and can elect a leader.',
  );
  const five = viewOf(['dead', 'dead', 'live', 'live', 'live'], { partitions: 5, copies: 3 });
  expect(previewOf('Start n1', five).text).toContain('With it, p0 and p4 have a quorum again');
  const most = viewOf(['dead', 'dead', 'dead', 'live', 'live']);
  expect(previewOf('Start n1', most).text).toContain('every partition has a quorum again');
  const nearlyAll = viewOf(['dead', 'dead', 'dead', 'dead', 'live']);
  expect(previewOf('Start n1', nearlyAll).text).toContain('It alone does not bring the quorum back');
});

test('starting a cluster counts its nodes and partitions', () => {
  const one = viewOf(['stopped'], { partitions: 1 });
  expect(previewOf('Start dev-3', one).text).toBe(
    'Starts its node on the data it has. Its partition elects a leader before it takes reads and writes.',
  );
  const many = viewOf(['stopped', 'stopped', 'stopped']);
  expect(previewOf('Start dev-3', many).text).toBe(
    'Starts its 3 nodes on the data they have. Each of its 8 partitions elects a leader before it takes reads and writes.',
  );
});

test('every action says what it does', () => {
  const scenes = [sceneOf(three), sceneOf(viewOf(['dead', 'paused', 'partitioned'])), sceneOf(null)];
  for (const action of scenes.flatMap((scene) => paletteActions(scene))) {
    expect(action.preview().text).toMatch(/^[A-Z\d].{8,}[.:]$/);
  }
});

describe('how long elections took', () => {
  const samples = (leaders: readonly number[]) =>
    leaders.map((leader, i) => sampleOf(i * 250, { leaders: [leader], terms: [leader === 0 ? 1 : leader] }));

  test('is the median of the times between two leaders', () => {
    expect(measureElections(samples([1, 1, 0, 0, 2, 2]), [])).toEqual({ medianMs: 500, count: 1 });
  });

  test('nothing is said of an election that did not end, of an outage, or without samples', () => {
    expect(measureElections(samples([1, 1, 0, 0]), [])).toBeNull();
    expect(measureElections(samples([1, ...Array<number>(40).fill(0), 2, 2]), [])).toBeNull();
    expect(measureElections([], [])).toBeNull();
  });
});
