import type { EventLog } from '../history/event-log.ts';
import type { Connection } from './connection.ts';
import type { StoredProfile } from './profile-store.ts';

export interface RemoteDriverOptions {
  readonly profile: StoredProfile;
  /** Reads secret and certificates. */
  readonly connect: () => Promise<Connection>;
  /** Told which cluster answers, once it does. */
  readonly learnCluster: (clusterId: string) => void;
  readonly eventLog: EventLog;
  /** Where snapshots are put. */
  readonly snapshotDir: string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}
