/** The process that makes the load: reads what to do from its argument, prints one JSON line. */
import { connectDriver, type DriverName, type DriverTarget } from '../drivers/driver.ts';
import { runLoad, type LoadSpec } from './load.ts';

export interface WorkerTask {
  readonly driver: DriverName;
  readonly target: DriverTarget;
  readonly load: LoadSpec;
}

const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const driver = await connectDriver(task.driver, task.target);
const result = await runLoad(driver, task.load);
await driver.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
