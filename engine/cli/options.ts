import { InvalidArgumentError, Option, type Command } from 'commander';
import { ReadMode } from '../client/index.ts';

/** For commander: a whole number in a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** For commander: a duration like 500ms, 30s, 10m, 2h or 7d, in milliseconds. */
export function duration(maxMs: number): (text: string) => number {
  return (text) => {
    const [, count, unit = ''] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
    const valueMs = Number(count) * (UNITS_MS[unit] ?? NaN);
    if (valueMs >= 1 && valueMs <= maxMs) return valueMs;
    throw new InvalidArgumentError('It is a duration like 500ms, 30s, 10m, 2h or 7d.');
  };
}

export const revisionOption = () =>
  new Option('--revision <n>', 'only if the key is at this revision; 0: only if there is no such key').argParser(
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );

export const jsonOption = () => new Option('--json', 'print JSON');
export const endpointsOption = () => new Option('--endpoints <urls>', 'nodes to ask, separated by commas');
/** For endpoints that speak TLS or ask for a token. */
export const connectionOptions = () => [
  new Option('--ca <file>', 'the CA of the nodes (with --endpoints https://...)'),
  new Option('--cert <file>', 'the certificate to show to the nodes'),
  new Option('--key <file>', 'its key'),
  new Option('--server-name <name>', 'the name in the nodes’ certificates, where it is not the host'),
  new Option('--token <token>', 'the token to call with; others on this machine can see it in the list of processes'),
  new Option('--token-file <file>', 'a file that holds it (or set PRKDB_TOKEN, with --endpoints)'),
];
/** Adds options to a command. */
export function addOptions(command: Command, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option);
  return command;
}
export const clusterOption = () => new Option('--cluster <name>', 'the local cluster to ask');
export const timeoutOption = () =>
  new Option('--timeout <ms>', 'give up after so many milliseconds').argParser(wholeNumber(1, 3_600_000)).default(5000);
export const readOption = () =>
  new Option('--read <mode>', 'how fresh the answer must be')
    .choices(['linearizable', 'follower', 'stale'])
    .default('linearizable');

export type ReadName = 'linearizable' | 'follower' | 'stale';

export const readModes: Record<ReadName, ReadMode> = {
  linearizable: ReadMode.Linearizable,
  follower: ReadMode.Follower,
  stale: ReadMode.Stale,
};
