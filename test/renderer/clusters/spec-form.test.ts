import fc from 'fast-check';
import { viewOf } from '../../support/view.ts';
import { expect, test } from 'vitest';
import { clusterSpecSchema } from '../../../electron/contract/model.ts';
import { freeName, presets } from '../../../renderer/features/clusters/presets.ts';
import {
  applyPreset,
  emptyForm,
  formLike,
  matchingPreset,
  portRange,
  problemsOf,
  readForm,
  whatWillStart,
  withNodes,
  type SpecForm,
} from '../../../renderer/features/clusters/spec-form.ts';
import type { SpecCheck } from '../../../electron/contract/model.ts';

const [single, dev, five] = presets;

const check: SpecCheck = {
  problems: [],
  basePort: 7100,
  clientPorts: [7101, 7102, 7103],
  raftPorts: [7201, 7202, 7203],
  dataDir: '/home/a/.prkdb/clusters/dev-3',
  freeBytes: 1,
  placement: Array.from({ length: 8 }, (_, p) => [1, 2, 3].map((n) => ((n + p - 1) % 3) + 1)),
  memoryEstimateBytes: 270_000_000,
  toleratedFailures: 1,
  command: 'prkdb up dev-3',
};

function form(changes: Partial<SpecForm>): SpecForm {
  return { ...emptyForm(dev, []), ...changes };
}

test('a preset fills the fields and finds a free name', () => {
  expect(emptyForm(dev, ['dev-3', 'dev-3-2'])).toEqual({
    name: 'dev-3-3',
    nodes: 3,
    partitions: 8,
    replicationFactor: 3,
    basePort: '',
    dataDir: '',
    tls: false,
  });
  expect(freeName('a', [])).toBe('a');
});

test('another preset renames a suggested name and leaves a typed one', () => {
  expect(applyPreset(form({}), five, []).name).toBe('dev-5');
  expect(applyPreset(form({ name: 'dev-3-2' }), five, []).name).toBe('dev-5');
  expect(applyPreset(form({ name: 'mine', partitions: 4 }), five, [])).toMatchObject({
    name: 'mine',
    nodes: 5,
    partitions: 4,
    replicationFactor: 5,
  });
});

test('the chosen preset is the one whose counts are there', () => {
  expect(matchingPreset(form({}))).toBe(dev);
  expect(matchingPreset(form({ nodes: 1, replicationFactor: 1 }))).toBe(single);
  expect(matchingPreset(form({ nodes: 4 }))).toBeNull();
});

test('copies follow the node count while every node has one', () => {
  expect(withNodes(form({}), 5)).toMatchObject({ nodes: 5, replicationFactor: 5 });
  expect(withNodes(form({}), 7)).toMatchObject({ nodes: 7, replicationFactor: 3 });
  expect(withNodes(form({ nodes: 5 }), 2)).toMatchObject({ nodes: 2, replicationFactor: 2 });
});

test('empty port and directory are left to the host', () => {
  expect(readForm(form({}))).toEqual({
    ok: true,
    spec: { name: 'dev-3', nodes: 3, partitions: 8, replicationFactor: 3, basePort: null, dataDir: null },
  });
  expect(readForm(form({ basePort: ' 9000 ', dataDir: ' /data ' }))).toMatchObject({
    ok: true,
    spec: { basePort: 9000, dataDir: '/data' },
  });
});

test.each([
  [{ name: '' }, 'name', /Give the cluster a name/],
  [{ name: 'Dev 3' }, 'name', /begins with a letter and has only a-z/],
  [{ name: 'a'.repeat(33) }, 'name', /at most 32/],
  [{ nodes: 10 }, 'nodes', /At most 9 nodes/],
  [{ partitions: 257 }, 'partitions', /At most 256/],
  [{ replicationFactor: 4 }, 'replicationFactor', /with 3 nodes, at most 3/],
  [{ basePort: '80' }, 'basePort', /from 1024/],
  [{ basePort: '7e3' }, 'basePort', /A port is a number/],
  [{ basePort: '65001' }, 'basePort', /up to 65000/],
] as const)('%j is told at its field', (changes, field, sentence) => {
  expect(readForm(form(changes))).toEqual({ ok: false, problems: { [field]: expect.stringMatching(sentence) } });
});

test("the rules and sentences are the contract's", () => {
  const count = fc.integer({ min: -1, max: 300 });
  const name = fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[a-z][a-z0-9-]{0,34}$/));
  const port = fc.oneof(fc.constant(''), fc.integer({ min: 0, max: 70_000 }).map(String));
  fc.assert(
    fc.property(name, count, count, port, (name, nodes, partitions, basePort) => {
      const read = readForm(form({ name, nodes, partitions, replicationFactor: 1, basePort }));
      const parsed = clusterSpecSchema.safeParse({
        name,
        nodes,
        partitions,
        replicationFactor: 1,
        basePort: basePort === '' ? null : Number(basePort),
        dataDir: null,
      });
      // Its own sentence is told where the schema has two for one field.
      const first = new Map(parsed.error?.issues.toReversed().map((issue) => [String(issue.path[0]), issue.message]));
      const problems = read.ok ? {} : read.problems;
      const { replicationFactor: _, ...others } = problems;
      expect(others).toEqual(Object.fromEntries(first));
    }),
  );
});

test('several wrong fields are told at once', () => {
  expect(readForm(form({ name: '', partitions: 0 }))).toMatchObject({
    problems: { name: expect.any(String), partitions: expect.any(String) },
  });
});

test("the host's problems are told field by field, the first of each", () => {
  const problems = [
    { field: 'name', message: 'taken' },
    { field: 'name', message: 'again' },
    { field: 'basePort', message: '7101 is in use' },
  ] as const;
  const found = problemsOf(readForm(form({})), { ...check, problems: [...problems] }, null);
  expect(found).toEqual({ name: 'taken', basePort: '7101 is in use' });
  expect(problemsOf(readForm(form({})), undefined, null)).toEqual({});
});

test('a failure to create is told at its field, if it has one', () => {
  const failure = { code: 'alreadyExists', message: 'dev-3 exists.', hint: null } as const;
  expect(problemsOf(readForm(form({})), check, failure)).toEqual({ name: 'dev-3 exists.' });
  expect(problemsOf(readForm(form({})), check, { ...failure, code: 'portInUse' })).toHaveProperty('basePort');
  expect(problemsOf(readForm(form({})), check, { ...failure, code: 'internal' })).toEqual({});
});

test('what will start is told in numbers', () => {
  expect(whatWillStart(check, false)).toEqual([
    '3 processes, about 270 MB of memory',
    '8 partitions × 3 copies = 24 replicas',
    'Survives the loss of any 1 node',
    'Only reachable from this computer',
  ]);
  const one = { ...check, clientPorts: [7101], placement: [[1]], toleratedFailures: 0 };
  expect(whatWillStart(one, false)).toEqual([
    '1 process, about 270 MB of memory',
    '1 partition × 1 copy = 1 replica',
    'Stops serving when a node is lost',
    'Only reachable from this computer',
  ]);
});

test('port ranges', () => {
  expect(portRange([7101, 7102, 7103])).toBe('7101 – 7103');
  expect(portRange([7101])).toBe('7101');
  expect(portRange([])).toBe('');
});

test('a duplicate has the shape of its model and a name and ports of its own', () => {
  const { summary } = viewOf(['live', 'live', 'live', 'live', 'live'], { partitions: 24 });
  const form = formLike(summary, ['dev-3-copy']);
  expect(form).toMatchObject({ name: 'dev-3-copy-2', nodes: 5, partitions: 24, replicationFactor: 3, basePort: '' });
  const read = readForm(formLike({ ...summary, name: 'a'.repeat(32) }, []));
  expect(read).toMatchObject({ ok: true });
});

test('TLS is asked for only where it is wanted', () => {
  expect(readForm(emptyForm(dev, []))).toEqual({ ok: true, spec: expect.not.objectContaining({ tls: true }) });
  expect(readForm({ ...emptyForm(dev, []), tls: true })).toMatchObject({ ok: true, spec: { tls: true } });
  expect(whatWillStart(check, true).at(-1)).toBe(
    'Only reachable from this computer, with TLS and its own certificates',
  );
});
