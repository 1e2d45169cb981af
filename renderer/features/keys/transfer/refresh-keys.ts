import type { QueryClient } from '@tanstack/react-query';

/** After many keys were written or deleted: what is in sight is read anew. */
export async function refreshKeys(client: QueryClient, cluster: string): Promise<void> {
  await Promise.all([
    client.resetQueries({ queryKey: ['keys.scan', cluster] }),
    client.resetQueries({ queryKey: ['keys.tree', cluster] }),
    client.invalidateQueries({ queryKey: ['keys.get', cluster] }),
  ]);
}
