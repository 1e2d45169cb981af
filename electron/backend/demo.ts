import type { ClusterRegistry } from './clusters/registry.ts';

const DEMO = { name: 'demo', nodes: 3, partitions: 8, replicationFactor: 3, basePort: null, dataDir: null };

/** Creates the demo cluster, or starts what of it does not run. Whoever owns it already keeps it. */
export async function startDemo(registry: ClusterRegistry): Promise<void> {
  const known = registry.summaries().find((summary) => summary.name === DEMO.name);
  if (known === undefined) await registry.create(DEMO);
  else if (known.state === 'stopped') await registry.get(DEMO.name).processes?.start();
}
