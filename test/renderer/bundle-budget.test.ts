import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { firstScreen, type Chunk } from '../../renderer/bundle-budget.ts';

const chunk = (code: string, change: Partial<Chunk> = {}): Chunk => ({
  code,
  isEntry: false,
  facadeModuleId: null,
  imports: [],
  ...change,
});

test('the first screen is the shell, the charts, and what they need; nothing else', () => {
  const sizes = firstScreen(
    new Map([
      ['index.js', chunk('shell', { isEntry: true, imports: ['shared.js'] })],
      ['shared.js', chunk('shared by both', { imports: ['index.js'] })],
      ['charts.js', chunk('charts', { facadeModuleId: '/x/renderer/charts/live-charts.tsx', imports: ['shared.js'] })],
      ['editor.js', chunk('editor', { facadeModuleId: '/x/renderer/features/keys/code/code-editor.tsx' })],
    ]),
  );
  expect([...sizes.keys()].sort()).toEqual(['charts.js', 'index.js', 'shared.js']);
  expect(sizes.get('shared.js')).toBe(gzipSync('shared by both').length);
});
