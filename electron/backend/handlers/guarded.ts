import type { CommandName } from '../../contract/contract.ts';
import type { WriteGate } from '../remote/write-gate.ts';
import type { Handlers } from '../router.ts';

/** Commands on a cluster that change nothing there: they end what we do ourselves, or are about the connection. */
const HARMLESS: ReadonlySet<CommandName> = new Set<CommandName>([
  'load.stop',
  'drills.cancel',
  'cluster.reconnect',
  'cluster.allowWrites',
]);

/**
 * The same commands behind the gate of the cluster that they name: whatever is added to the
 * contract is refused on a read-only cluster unless it is listed as harmless here.
 */
export function guarded(
  gateOf: (cluster: string) => WriteGate | null,
  commands: Handlers['commands'],
): Handlers['commands'] {
  const entries = Object.entries(commands).map(([name, run]) => {
    if (HARMLESS.has(name as CommandName)) return [name, run] as const;
    const guardedRun = (input: unknown): unknown => {
      const cluster = (input as { readonly cluster?: unknown }).cluster;
      if (typeof cluster === 'string') gateOf(cluster)?.check();
      return (run as (input: unknown) => unknown)(input);
    };
    return [name, guardedRun] as const;
  });
  return Object.fromEntries(entries) as unknown as Handlers['commands'];
}
