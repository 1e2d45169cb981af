import type { Member, Timing } from '../config/node-config.ts';

/** What a user asks for. Everything else of a cluster is derived or drawn. */
export interface ClusterSpec {
  /** 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter. */
  readonly name: string;
  readonly nodes: number;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Node i gets client port base+i, Raft base+100+i, metrics base+200+i; null picks a free block from 7100. */
  readonly basePort: number | null;
  /** Where node data goes; null for <home>/clusters/<name>. */
  readonly dataDir: string | null;
  readonly timing?: Timing;
  /** TLS on all ports but that of the metrics, with certificates of its own. */
  readonly tls?: boolean;
}

export interface LeavingNode {
  readonly id: number;
  readonly deleteData: boolean;
}

/** cluster.json: what stays the same from start to start. */
export interface ClusterRecord {
  readonly formatVersion: number;
  readonly clusterId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly dataDir: string;
  /** Who is a member now. */
  readonly members: readonly Member[];
  /** Who was at the founding; absent while that are the members. */
  readonly founders?: readonly Member[] | undefined;
  /** Ids that were removed. They are not given again, and their data may still be there. */
  readonly retired?: readonly number[] | undefined;
  /** On their way out of the cluster, and whether their data is to go with them. */
  readonly leaving?: readonly LeavingNode[] | undefined;
  readonly timing: Timing;
  /** The nodes speak TLS; their certificates are in `certs` of the data directory. */
  readonly tls?: boolean;
}

/** live, suspect, paused, partitioned: a process exists. dead: it is gone and should not be. stopped: as asked. */
export type NodeState = 'live' | 'suspect' | 'paused' | 'partitioned' | 'dead' | 'stopped';

/** Who did something to a node: a user of the app or of the command, or nobody. */
export type Actor = 'app' | 'command' | 'none';

/** How a process ended. */
export interface NodeExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  /** Who asked for it; 'none' is a crash. */
  readonly by: Actor;
  /** What a node that ended by itself said: a port in use, a corrupt database. Else empty. */
  readonly detail: string;
}

/** The supervisor's knowledge of one process, without asking the node itself. */
export interface NodeProcess {
  readonly nodeId: number;
  readonly pid: number | null;
  readonly state: 'running' | 'paused' | 'dead' | 'stopped';
  readonly startedAtMs: number | null;
  readonly pausedAtMs: number | null;
  readonly exit: NodeExit | null;
}

export interface LocalCluster {
  readonly record: ClusterRecord;
  /** Whose end would stop the nodes. 'detached': they run and nobody owns them. 'none': there is no owner and no node runs. */
  readonly owner: 'self' | 'other' | 'detached' | 'none';
  readonly nodes: readonly NodeProcess[];
}

/** Something the supervisor did or noticed; the desktop's feed tells it. */
export interface ProcessEvent {
  readonly timeMs: number;
  readonly cluster: string;
  readonly nodeId: number;
  readonly kind: 'started' | 'killed' | 'paused' | 'resumed' | 'stopped' | 'crashed';
  readonly by: Actor;
  readonly detail: string;
}

export interface LaunchOptions {
  readonly configFile: string;
  readonly token: string;
  /** The owner's leash (socket path or pipe name): the node stops when it closes. Null: detached. */
  readonly leash: string | null;
  readonly logFile: string;
}

export interface LaunchedNode {
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** How a node process comes to be: child_process, or Electron's utilityProcess. */
export interface NodeLauncher {
  launch(options: LaunchOptions): Promise<LaunchedNode>;
}

/** Opens, changes and watches the clusters of one home directory. Every method may reject with SupervisorError. */
export interface Supervisor {
  list(): Promise<readonly LocalCluster[]>;
  get(name: string): Promise<LocalCluster>;
  create(spec: ClusterSpec): Promise<LocalCluster>;
  /** Starts every node that does not run. Resolves when the processes exist, not when leaders do. */
  start(name: string, options: { readonly detach: boolean }): Promise<LocalCluster>;
  /** In order, then by force after a while. Data stays. */
  stop(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /**
   * Takes in a cluster that was made under another home directory, or whose directory was moved:
   * `directory` is its own folder, which holds cluster.json. Its data stays where it is.
   */
  adopt(directory: string, name?: string): Promise<LocalCluster>;
  /** Of a cluster that is stopped. Its data, ports and certificates stay; its directory has the new name. */
  rename(name: string, newName: string): Promise<void>;
  startNode(name: string, nodeId: number): Promise<void>;
  /**
   * Gives the running cluster one more node and starts its process, which makes itself a member;
   * with `replaces` it takes the place of another. Resolves with its id when the process exists.
   */
  addNode(name: string, options?: { readonly replaces?: number }): Promise<number>;
  /**
   * The cluster has agreed to let this node go. When its process says that it did, the node is
   * struck off the records, now or at a later start, whether or not anybody waits for it.
   */
  leaveNode(name: string, nodeId: number, options: { readonly deleteData: boolean }): Promise<void>;
  /**
   * Strikes a node that is no member any more off the records and ends its process. The cluster
   * itself must have let it go before: that is for ClusterClient.removeMember. May be called for
   * one that was struck off already.
   */
  forgetNode(name: string, nodeId: number, options: { readonly deleteData: boolean }): Promise<void>;
  /** SIGKILL. */
  killNode(name: string, nodeId: number): Promise<void>;
  pauseNode(name: string, nodeId: number): Promise<void>;
  resumeNode(name: string, nodeId: number): Promise<void>;
  /** In order, then started again on its data. */
  restartNode(name: string, nodeId: number): Promise<void>;
  /** Called on every change that this process made or noticed. Returns the way to stop it. */
  onChange(listener: (cluster: string) => void): () => void;
  onEvent(listener: (event: ProcessEvent) => void): () => void;
  logFile(name: string, nodeId: number): Promise<string>;
  /**
   * The clusters that this process owns go on by themselves from now on, detached; resolves with
   * their names. Nodes that are utility processes of Electron end with it nevertheless.
   */
  letGo(): Promise<readonly string[]>;
  /** Stops the clusters this process owns and lets go of everything. */
  close(): Promise<void>;
}
