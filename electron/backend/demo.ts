import type { ClusterRegistry } from './clusters/registry.ts';

const DEMO = { name: 'demo', nodes: 3, partitions: 8, replicationFactor: 3, basePort: null, dataDir: null };

/** Creates the demo cluster, or starts what of it does not run. Whoever owns it already keeps it. */
export async function startDemo(registry: ClusterRegistry): Promise<void> {
  if (!registry.summaries().some((summary) => summary.name === DEMO.name)) {
    await registry.create(DEMO);
    return;
  }
  const driver = registry.get(DEMO.name);
  const isMissing = driver.view().nodes.some((node) => node.state === 'stopped' || node.state === 'dead');
  if (isMissing) await driver.processes?.start();
}
