import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const DEFAULT_SOURCE = 'https://github.com/electron/electron/releases/';
const PROBE_TIMEOUT_MS = 3_000;
/** About 120 MB; a line that needs longer is told to fetch it on its own. */
const FETCH_TIMEOUT_MS = 300_000;

export type Runtime = { readonly executable: string } | { readonly missing: string };

/** Why no window can be opened here, or null when one can. */
export function missingDisplay(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | null {
  if (platform === 'darwin' || platform === 'win32') return null;
  return env['DISPLAY'] || env['WAYLAND_DISPLAY']
    ? null
    : 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)';
}

/**
 * Electron's executable. Its package fetches it from outside the package registry, so
 * it may have to be fetched now, and it may not be there to be had.
 */
export async function findRuntime(
  packageDir: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Runtime> {
  const named = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (named) {
    const executable = path.join(named, executableName(process.platform));
    return existsSync(executable)
      ? { executable }
      : { missing: `ELECTRON_OVERRIDE_DIST_PATH names ${named}, which holds no ${executableName(process.platform)}` };
  }
  if (!existsSync(path.join(packageDir, 'package.json'))) return { missing: 'the electron package is not installed' };
  const installed = installedExecutable(packageDir);
  if (installed !== null) return { executable: installed };

  const source = env['ELECTRON_MIRROR'] || env['npm_config_electron_mirror'] || DEFAULT_SOURCE;
  if (!(await isReachable(source))) {
    return { missing: `Electron's runtime is not installed and ${hostOf(source)} cannot be reached to fetch it` };
  }
  say(`Fetching Electron's runtime from ${hostOf(source)} (once, about 120 MB)...`);
  const failure = await fetchRuntime(packageDir, env);
  const fetched = installedExecutable(packageDir);
  return fetched === null
    ? { missing: `Electron's runtime could not be fetched (${failure ?? 'it is not there'})` }
    : { executable: fetched };
}

/** Where the package's own installer puts it, if it has run. */
function installedExecutable(packageDir: string): string | null {
  try {
    const relative = readFileSync(path.join(packageDir, 'path.txt'), 'utf8').trim();
    const executable = path.join(packageDir, 'dist', relative);
    return relative !== '' && existsSync(executable) ? executable : null;
  } catch {
    return null;
  }
}

function executableName(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

async function isReachable(source: string): Promise<boolean> {
  try {
    await fetch(source, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  }
}

function hostOf(source: string): string {
  return URL.canParse(source) ? new URL(source).host : source;
}

/** Runs the package's own installer. Resolves with why it failed, or null. */
function fetchRuntime(packageDir: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(packageDir, 'install.js')], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: FETCH_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(null);
      else if (signal !== null) resolve('it took too long');
      else resolve(words.trim().split('\n')[0] ?? '');
    });
  });
}
