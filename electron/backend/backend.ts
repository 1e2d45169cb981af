import path from 'node:path';
import { HomePaths } from '../../engine/supervisor/home.ts';
import { Records } from '../../engine/supervisor/records.ts';
import type { Supervisor } from '../../engine/supervisor/types.ts';
import type { AppInfo, ClusterSummary } from '../contract/model.ts';
import { appInfo } from './app-info.ts';
import { checkSpec } from './check/spec-check.ts';
import { connectNode, type ConnectNode } from './clusters/node-link.ts';
import { ClusterRegistry } from './clusters/registry.ts';
import { startDemo } from './demo.ts';
import { CopyDesk } from './copies/copy-desk.ts';
import { DrillDesk } from './drills/drill-desk.ts';
import { createHandlers } from './handlers/handlers.ts';
import { startLoad, type StartLoad } from './load.ts';
import { ProfileDesk } from './remote/profile-desk.ts';
import { ProfileStore } from './remote/profile-store.ts';
import { RemoteRegistry } from './remote/remote-registry.ts';
import { FileSecretStore, type Seal } from './remote/secret-store.ts';
import { connectClient, type ConnectClient } from './keys/connect-client.ts';
import { AlertLog } from './monitor/alert-log.ts';
import { Monitor } from './monitor/monitor.ts';
import { NoticeBoard, type ShowNotice } from './monitor/notice-board.ts';
import { SettingsStore } from './monitor/settings-store.ts';
import { createRouter, type Router } from './router.ts';

/** Checking every view that is sent costs a user more than it finds. */
export const CHECK_OUTPUTS: boolean = ['test', 'development'].includes(process.env['NODE_ENV'] ?? '');

export interface BackendOptions {
  /** Taken over: closing the backend closes it, which stops the clusters this process owns. */
  readonly supervisor: Supervisor;
  readonly home: string;
  readonly host: AppInfo['host'];
  readonly version: string;
  /** Check our own answers against the contract, see CHECK_OUTPUTS. */
  readonly checkOutputs: boolean;
  /** How secrets are encrypted before they are kept; null where the host has no way. */
  readonly seal?: Seal | null;
  /** How the host shows a notice outside of its windows; null where it has no way, so that pages show it. */
  readonly showNotice?: ShowNotice | null;
  /** Failures nobody asked about, for the log. */
  readonly onError: (error: unknown) => void;
  readonly connectNode?: ConnectNode;
  readonly connectClient?: ConnectClient;
  readonly startLoad?: StartLoad;
  readonly now?: () => number;
}

/** Everything behind the contract, whoever hosts it. */
export interface Backend {
  readonly router: Router;
  /** Starts the cluster `demo`, made first if there is none. */
  startDemo(): Promise<void>;
  /** Clusters that stop when this process ends. */
  ownedClusters(): string[];
  clusters(): ClusterSummary[];
  /** Called when the list or any summary changed. Returns the way to stop it. */
  onClusters(listener: () => void): () => void;
  /** The clusters of this process go on without it, once it is closed; resolves with their names. */
  leaveRunning(): Promise<readonly string[]>;
  /** Ends faults and loads, stops owned clusters in order, lets go of everything. */
  close(): Promise<void>;
}

export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { supervisor, home, onError } = options;
  const now = options.now ?? Date.now;
  const profiles = await ProfileStore.open(path.join(home, 'desktop', 'profiles.json'), onError);
  const secrets = new FileSecretStore(path.join(home, 'desktop', 'secrets.json'), options.seal ?? null);
  const remote: RemoteRegistry = new RemoteRegistry({
    connection: (profile) => profileDesk.connection(profile),
    learn: (id, learned) => profileDesk.learn(id, learned),
    eventFile: (profileId) => path.join(home, 'desktop', 'events', `${profileId}.jsonl`),
    historyDir: (profileId) => path.join(home, 'desktop', 'history', profileId),
    recordingDir: (profileId) => path.join(home, 'desktop', 'raft', profileId),
    snapshotDir: (profile) => path.join(home, 'snapshots', profile.id),
    now,
    onError,
  });
  const profileDesk = new ProfileDesk({
    profiles,
    secrets,
    isTaken: (name) => registry.drivers.some((driver) => driver.remote === null && driver.name === name),
    connect: (profile) => remote.connect(profile),
    disconnect: (id) => remote.disconnect(id),
  });
  const registry: ClusterRegistry = await ClusterRegistry.open({
    supervisor,
    remote,
    connectNode: options.connectNode ?? connectNode,
    connectClient: options.connectClient ?? connectClient,
    startLoad: options.startLoad ?? startLoad,
    eventFile: (clusterId) => path.join(home, 'desktop', 'events', `${clusterId}.jsonl`),
    historyDir: (clusterId) => path.join(home, 'desktop', 'history', clusterId),
    recordingDir: (clusterId) => path.join(home, 'desktop', 'raft', clusterId),
    now,
    onError,
  });
  await Promise.all(profiles.list().map((profile) => remote.connect(profile)));
  const drills = new DrillDesk({ supervisor, home, now, onError });
  const notices = new NoticeBoard(options.showNotice ?? null, now, onError);
  const monitor = new Monitor({
    // A local cluster and a profile may have one name; the local one is then the one that is meant.
    drivers: () => registry.drivers.filter((driver) => registry.get(driver.name) === driver),
    isDrilled: (cluster) => drills.live(cluster).running !== null,
    settings: await SettingsStore.open(path.join(home, 'desktop', 'monitor.json'), onError),
    log: await AlertLog.open(path.join(home, 'desktop', 'alerts.jsonl'), onError),
    notices,
    now,
    onError,
  });
  const copies = await CopyDesk.open({
    directory: path.join(home, 'desktop', 'copies'),
    open: (cluster) => registry.get(cluster).openStore(),
    gateOf: (cluster) => registry.get(cluster).remote?.gate ?? null,
    now,
    onError,
  });
  const records = new Records(new HomePaths(home));
  const about = { version: options.version, host: options.host, home };
  const handlers = createHandlers({
    registry,
    drills,
    copies,
    profiles: profileDesk,
    monitor,
    notices,
    appInfo: () => appInfo(registry, about),
    checkSpec: async (spec) =>
      checkSpec(spec, {
        home,
        clusterNames: await records.names(),
        takenPorts: await records.takenPorts(null),
      }),
  });
  return {
    router: createRouter(handlers, { checkOutputs: options.checkOutputs, onInternalError: onError }),
    startDemo: () => startDemo(registry),
    ownedClusters: () =>
      registry
        .summaries()
        .filter((summary) => summary.owner === 'app' && summary.state !== 'stopped')
        .map((summary) => summary.name),
    clusters: () => registry.summaries(),
    onClusters: (listener) => registry.onChange(listener),
    leaveRunning: () => supervisor.letGo(),
    async close() {
      // Faults are healed and loads stopped while the nodes still answer.
      await monitor.close();
      await copies.close();
      await drills.close();
      await registry.close();
      await supervisor.close();
    },
  };
}
