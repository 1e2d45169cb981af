// eslint-disable-next-line no-restricted-imports -- runs while building, not in a browser
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What the first screen may load, compressed as it travels. */
export const FIRST_SCREEN_BUDGET_BYTES = 500 * 1000;

/** Screens that a cluster's overview shows at once, though they load apart from the shell. */
const WITH_THE_FIRST_SCREEN = /\/charts\/live-charts\.tsx$/;

export interface Chunk {
  readonly code: string;
  readonly isEntry: boolean;
  /** The module that a dynamic import named; null for what chunks share. */
  readonly facadeModuleId: string | null;
  /** File names of the chunks that must be there before this one runs. */
  readonly imports: readonly string[];
}

/** The chunks of the shell and of the overview, by file name, with their sizes in gzip. */
export function firstScreen(chunks: ReadonlyMap<string, Chunk>): Map<string, number> {
  const sizes = new Map<string, number>();
  const take = (name: string): void => {
    const chunk = chunks.get(name);
    if (chunk === undefined || sizes.has(name)) return;
    sizes.set(name, gzipSync(chunk.code).length);
    for (const imported of chunk.imports) take(imported);
  };
  for (const [name, chunk] of chunks) {
    if (chunk.isEntry || WITH_THE_FIRST_SCREEN.test(chunk.facadeModuleId ?? '')) take(name);
  }
  return sizes;
}

/** Prints what the first screen weighs, and fails the build when that is too much. */
export function bundleBudget(): Plugin {
  return {
    name: 'bundle-budget',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = new Map<string, Chunk>();
      for (const [name, output] of Object.entries(bundle)) if (output.type === 'chunk') chunks.set(name, output);
      const sizes = firstScreen(chunks);
      const sizeBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      const words = `First screen: ${inKb(sizeBytes)} kB of JavaScript in gzip, of ${inKb(FIRST_SCREEN_BUDGET_BYTES)} kB.`;
      if (sizeBytes <= FIRST_SCREEN_BUDGET_BYTES) return console.log(words);
      const largest = [...sizes].sort((a, b) => b[1] - a[1]).map(([name, size]) => `  ${inKb(size)} kB  ${name}`);
      this.error(`${words} Load something of it later:\n${largest.join('\n')}`);
    },
  };
}

function inKb(sizeBytes: number): string {
  return (sizeBytes / 1000).toFixed(0);
}
