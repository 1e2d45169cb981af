/** `npm start`: opens the application in a window, or serves it to a browser where there is none to be had. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultHome } from '../engine/supervisor/index.ts';
import { toApiError } from './backend/api-error.ts';
import { serveBrowser } from './start/browser.ts';
import { buildsOf, isStale, runBuild } from './start/builds.ts';
import { HELP, parseFlags, type StartFlags } from './start/flags.ts';
import { openWindow } from './start/open-window.ts';
import { findRuntime, missingDisplay } from './start/runtime.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => console.log(line);

async function main(): Promise<number> {
  let flags: StartFlags;
  try {
    flags = parseFlags(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}.\nSee: npm start -- --help`);
    return 2;
  }
  if (flags.help) {
    say(HELP);
    return 0;
  }
  const home = path.resolve(flags.home ?? defaultHome());
  const why = flags.browser ? null : await tryWindow(flags);
  if (typeof why === 'number') return why;
  if (why !== null) say(`No window: ${why}. Serving to the browser instead.`);
  await buildMissing(false);
  await serveBrowser(flags, home, say);
  return 0;
}

/** The exit code of a window that was open, or why none could be. */
async function tryWindow(flags: StartFlags): Promise<number | string> {
  const noDisplay = missingDisplay(process.platform, process.env);
  if (noDisplay !== null) return noDisplay;
  const runtime = await findRuntime(path.join(root, 'node_modules', 'electron'), process.env, say);
  if ('missing' in runtime) return runtime.missing;
  await buildMissing(true);
  const end = await openWindow(runtime.executable, root, flags);
  return end.opened ? end.code : `Electron did not start: ${end.why.replace(/\.$/, '')}`;
}

async function buildMissing(electron: boolean): Promise<void> {
  for (const build of buildsOf(root, electron)) {
    if (!(await isStale(build))) continue;
    say(`Building the ${build.name}...`);
    await runBuild(build);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const { message, hint } = toApiError(error);
    console.error(hint === null ? message : `${message} ${hint}`);
    process.exit(1);
  },
);
