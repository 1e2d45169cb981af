import type { EventLog } from '../history/event-log.ts';
import type { HistoryStore } from '../history/history-store.ts';
import type { RecordingStore } from '../raft/recording-store.ts';
import type { Connection } from './connection.ts';
import type { Learned, StoredProfile } from './profile-store.ts';

export interface RemoteDriverOptions {
  readonly profile: StoredProfile;
  /** Reads secret and certificates. */
  readonly connect: () => Promise<Connection>;
  /** Told what the cluster says of itself, to be kept with the profile. */
  readonly learn: (learned: Learned) => void;
  readonly eventLog: EventLog;
  readonly history: HistoryStore;
  /** Of what happens inside partitions, where the nodes tell it. */
  readonly recordings: RecordingStore;
  /** Where snapshots are put. */
  readonly snapshotDir: string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}
