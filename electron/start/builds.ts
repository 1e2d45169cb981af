import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface Build {
  readonly name: string;
  /** Written last by the build; its age is the build's. */
  readonly product: string;
  /** Files and folders it is made of. */
  readonly sources: readonly string[];
  readonly command: readonly string[];
}

/** What has to be built before the application can be shown; `electron` only where it opens a window. */
export function buildsOf(root: string, electron: boolean): Build[] {
  const at = (...parts: string[]): string => path.join(root, ...parts);
  const manifests = [at('package.json'), at('package-lock.json')];
  const renderer: Build = {
    name: 'interface',
    product: at('dist', 'renderer', 'index.html'),
    sources: [at('renderer'), at('electron', 'contract'), ...manifests],
    command: [
      at('node_modules', 'vite', 'bin', 'vite.js'),
      'build',
      '--config',
      at('renderer', 'vite.config.ts'),
      '--logLevel',
      'warn',
    ],
  };
  const main: Build = {
    name: 'desktop program',
    product: at('dist', 'electron', 'main.js'),
    sources: [at('electron'), at('engine'), ...manifests],
    command: [at('electron', 'build.ts')],
  };
  return electron ? [renderer, main] : [renderer];
}

/** Whether a source is younger than the product, or there is no product. Without sources there is nothing to build from. */
export async function isStale(build: Build): Promise<boolean> {
  const product = await stat(build.product).catch(() => null);
  if (product === null) return true;
  const youngest = await Promise.all(build.sources.map(youngestMs));
  return Math.max(...youngest) > product.mtimeMs;
}

async function youngestMs(file: string): Promise<number> {
  const found = await stat(file).catch(() => null);
  if (found === null) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const entries = await readdir(file, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const times = await Promise.all(files.map(async (name) => (await stat(name).catch(() => null))?.mtimeMs ?? 0));
  // A deleted file shows only in its folder.
  return Math.max(found.mtimeMs, ...times);
}

/** Rejects with what the build printed. */
export function runBuild(build: Build): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...build.command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The ${build.name} could not be built:\n${output.trim()}`));
    });
  });
}
