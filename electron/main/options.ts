import { parseArgs } from 'node:util';

export interface MainOptions {
  readonly demo: boolean;
  /** Null for the default home. */
  readonly home: string | null;
}

/** What `npm start` or a shortcut passes on. Chromium's own switches are on the same line and are left to it. */
export function mainOptions(argv: readonly string[]): MainOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: { demo: { type: 'boolean' }, home: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  return { demo: values.demo === true, home: typeof values.home === 'string' ? values.home : null };
}
