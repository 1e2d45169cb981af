import path from 'node:path';
import { SYSTEM_GROUP, groupOfPartition } from '../config/ids.ts';
import type { NodeConfig } from '../config/node-config.ts';
import { checkRecovered } from '../storage/check-recovered.ts';
import { LOG_FILE, STATE_FILE } from '../storage/examine.ts';
import { openLogStorage } from '../storage/log/log-storage.ts';
import { openStateMachine } from '../storage/state/state-machine.ts';
import type { LogStorage, ReplicaDrops, StateMachine } from '../storage/types.ts';
import type { FaultControl } from './faults.ts';
import type { Resources } from './resources.ts';

/** Opens the log and the state machines of a node and checks that they fit each other. Rejects with a StorageError. */
export async function openStorage(
  config: NodeConfig,
  partitions: number,
  faults: Pick<FaultControl, 'diskDelayMs' | 'logLimitBytes' | 'stateLimitBytes'>,
  resources: Resources,
): Promise<{ log: LogStorage; state: StateMachine & ReplicaDrops }> {
  const identity = { clusterId: config.clusterId, nodeId: config.nodeId };
  const log = await openLogStorage({
    file: path.join(config.dataDir, LOG_FILE),
    identity,
    syncDelayMs: () => faults.diskDelayMs,
    sizeLimitBytes: () => faults.logLimitBytes,
  });
  resources.add(() => log.close());
  const state = openStateMachine({
    file: path.join(config.dataDir, STATE_FILE),
    identity,
    sizeLimitBytes: () => faults.stateLimitBytes,
  });
  resources.add(() => state.close());
  const groups = [SYSTEM_GROUP, ...Array.from({ length: partitions }, (_, p) => groupOfPartition(p))];
  checkRecovered(log, state, groups);
  return { log, state };
}
