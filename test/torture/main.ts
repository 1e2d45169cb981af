import { parseOptions, type TortureOptions } from './options.ts';
import { reportText } from './report.ts';
import { runTorture } from './run.ts';

let options: TortureOptions;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
// So that the nodes are ended too.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
if (!options.json) process.stdout.write(`seed ${options.seed}\n`);
const report = await runTorture(options, (line) => {
  if (!options.json) process.stdout.write(`${line}\n`);
});
process.stdout.write(`${options.json ? JSON.stringify(report) : reportText(report)}\n`);
process.exit(report.violations.length === 0 ? 0 : 1);
