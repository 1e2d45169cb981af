import { expect, test } from 'vitest';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { choices, emptyCopyForm, formOfSettings, readCopyForm } from '../../../renderer/features/copies/copy-form.ts';
import { viewOf } from '../../support/view.ts';

test('a form becomes settings and comes back', () => {
  const form = { ...emptyCopyForm('dev', 'k8s'), prefix: String.raw`/a\xFF`, rate: '2,000', follow: true };
  const read = readCopyForm(form);
  expect(read).toMatchObject({
    ok: true,
    settings: { prefix: Buffer.from([0x2f, 0x61, 0xff]).toString('base64'), keysPerSecond: 2_000, follow: true },
  });
  expect(read.ok ? formOfSettings(read.settings) : null).toEqual({ ...form, rate: '2000' });
});

test('what is missing or cannot be is said at its field', () => {
  expect(readCopyForm(emptyCopyForm('', ''))).toMatchObject({
    ok: false,
    problems: { from: expect.stringMatching(/Choose/), to: expect.stringMatching(/Choose/) },
  });
  const wrong = { ...emptyCopyForm('dev', 'dev'), prefix: String.raw`\x`, rate: '0' };
  const read = readCopyForm(wrong);
  expect(read.ok ? [] : Object.keys(read.problems).sort()).toEqual(['prefix', 'rate', 'to']);
  for (const rate of ['-1', '1.5', 'fast', '10000000']) {
    expect(readCopyForm({ ...emptyCopyForm('a', 'b'), rate })).toMatchObject({ ok: false });
  }
});

test('read-only clusters are sources only, and production is named', () => {
  const { summary } = viewOf(['live']);
  const other = { ...summary, name: 'pay', kind: 'etcd', environment: 'production' } satisfies ClusterSummary;
  const clusters = [{ ...summary, readOnly: true }, other];
  expect(choices(clusters, 'from').map(({ label }) => label)).toEqual(['dev-3 (local)', 'pay (etcd, PROD)']);
  expect(choices(clusters, 'to').map(({ value }) => value)).toEqual(['pay']);
});
