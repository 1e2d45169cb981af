import { setTimeout as sleep } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { limitsSchema, type LogLevel, type NodeConfig } from '../config/node-config.ts';
import type { LogRequest, StopRequest, TransferRequest } from '../rpc/cluster.ts';
import { serviceDefinition } from '../rpc/protos.ts';
import { Access } from '../server/access.ts';
import { clusterService } from '../server/cluster-service.ts';
import { EventLog } from '../server/event-log.ts';
import { Executor } from '../server/executor.ts';
import { Exports } from '../server/exports.ts';
import { Watches } from '../server/watch.ts';
import { Forwarder } from '../server/forwarder.ts';
import { serveHttp, type HealthProbes } from '../server/http.ts';
import { kvStreamHandler } from '../server/kv-service.ts';
import { handOverAll, transferLeadership } from '../server/leadership.ts';
import { LogTails } from '../server/log-tails.ts';
import { Conductor } from '../server/members/conductor.ts';
import { MembersDesk } from '../server/members/desk.ts';
import { dialTarget, NodeDirectory } from '../server/members/directory.ts';
import { Metadata } from '../server/metadata.ts';
import { NodeMetrics } from '../server/metrics.ts';
import { nodeStatus } from '../server/node-status.ts';
import { GrpcHealth } from '../server/health.ts';
import { notOffered } from '../server/not-offered.ts';
import { addReflection } from '../server/reflection.ts';
import { prkDbService } from '../server/prkdb-service.ts';
import { RequestBudgets } from '../server/request-budget.ts';
import { Router } from '../server/router.ts';
import { Tokens } from '../server/tokens.ts';
import { EntryType } from '../raft/types.ts';
import { Store, TokenSource, groupStatuses, leadersKnown, parseRouting } from '../store/index.ts';
import { createGrpcTransport } from '../transport/grpc-transport.ts';
import type { PeerListener } from '../transport/types.ts';
import { RefusalReporter } from '../transport/refusal-reporter.ts';
import { isMemberCall, readConfiguredAccess } from './access.ts';
import { withToken } from '../net/credentials.ts';
import { openCertificates } from './certificates.ts';
import { ExpelledError, NodeStartError, bindError } from './errors.ts';
import { FaultControl } from './faults.ts';
import { claimDataDirectory, noteJoined, noteLog, noteTokens } from './genesis.ts';
import { TokenMemory } from './token-memory.ts';
import { startGrpcServer } from './grpc-server.ts';
import { joinCluster } from './join.ts';
import { holdLeash } from './leash.ts';
import { logEvent } from './log-event.ts';
import { LeaderLookup } from './leader-lookup.ts';
import { MembershipWatch } from './membership-watch.ts';
import { openStorage } from './open-storage.ts';
import { Resources } from './resources.ts';
import { VERSION } from './version.ts';

/** Calls in flight get this long at a stop. */
const STOP_GRACE_MS = 500;
/** How long an answer about the system group is waited for. */
const CATCH_UP_MS = 2_000;
/** The other nodes get this long to take over what a stopping node leads. */
const HAND_OVER_MS = 1_000;
/** The same when nobody waits for a stop. */
const ASKED_HAND_OVER_MS = 5_000;

export interface RunNodeOptions {
  /** Proves to ClusterService.Stop that the caller started this process. */
  readonly token?: string | undefined;
  /** The owner's socket: the node stops when it closes. */
  readonly leash?: string | undefined;
  readonly log?: Logger;
}

export interface RunningNode {
  readonly config: NodeConfig;
  /** Resolves when the node has stopped; rejects with an ExpelledError when it had to, because it is no member any more. */
  readonly stopped: Promise<void>;
  /**
   * Stops in order. What the node leads it hands to others first, unless the whole cluster
   * is stopping: a start of an election elsewhere would be for nothing.
   */
  stop(reason: string, options?: { readonly withCluster: boolean }): Promise<void>;
}

/**
 * Starts one node: storage, peers, the loop, and the servers for clients and metrics.
 * Rejects with a NodeStartError, or a StorageError that says what to do, and then holds nothing open.
 */
export async function runNode(config: NodeConfig, options: RunNodeOptions = {}): Promise<RunningNode> {
  const resources = new Resources();
  try {
    return await start(config, options, resources);
  } catch (error) {
    await resources.close();
    throw error;
  }
}

async function start(config: NodeConfig, options: RunNodeOptions, resources: Resources): Promise<RunningNode> {
  const log = options.log ?? pino({ level: config.logLevel, base: { node: `n${config.nodeId}` } });
  const self = config.members.find((m) => m.id === config.nodeId);
  if (self === undefined) throw new NodeStartError(`Node ${config.nodeId} is not one of the members.`);
  const startedAtMs = Date.now();
  const limits = limitsSchema.parse(config.limits ?? {});
  const certificates = openCertificates(config, log, resources);
  const configured = readConfiguredAccess(config);
  const scheme = certificates.client === null ? 'http' : 'https';

  const claim = claimDataDirectory(config);
  const { incarnation } = claim;
  let { genesis } = claim;
  if (genesis === null) {
    const joining =
      configured.admin === undefined ? certificates.toNodes : withToken(certificates.toNodes, configured.admin);
    genesis = await joinCluster(config, self, incarnation, joining, log);
    noteJoined(config, genesis);
  }
  const faults = new FaultControl({
    nodeId: config.nodeId,
    enabled: config.faultsEnabled,
    onChange: (set) => running.events.emit('faultsChanged', { detail: JSON.stringify(set) }),
  });
  resources.add(() => faults.close());
  const { log: raftLog, state } = await openStorage(config, genesis.partitions.length, faults, resources);
  noteLog(config);

  // The transport speaks before the store exists; what comes that early is dropped, and Raft repeats it.
  let store: Store | null = null;
  let countPeerRefusal = (): void => {};
  const listener: PeerListener = {
    messages: (from, envelopes) => store?.receive(from, envelopes),
    connected: (peer) => store?.peerConnected(peer),
    disconnected: (peer) => store?.peerDisconnected(peer),
  };
  const transport = await createGrpcTransport({
    self: config.nodeId,
    clusterId: config.clusterId,
    bindHost: config.bindHost,
    raftPort: self.raftPort,
    incarnation,
    peers: genesis.members,
    listener,
    snapshotListener: { offered: (from, offer) => store?.offerSnapshot(from, offer) ?? null },
    certificates: certificates.raft,
    pingIntervalMs: config.timing.tickMs * config.timing.heartbeatTicks,
    onEveryRefusal: () => countPeerRefusal(),
    onRefused: (reason) => {
      if (store === null) log.warn({ reason }, 'peerRefused');
      else store.events.emit('peerRefused', { detail: reason });
    },
    log: { info: (message) => log.info(message) },
  }).catch((error: unknown) => {
    throw bindError('Raft', config.bindHost, self.raftPort, error);
  });
  resources.add(() => transport.close());

  const tokens = new TokenSource(state);
  let membership: MembershipWatch | null = null;
  const events = new EventLog();
  const running = new Store({
    nodeId: config.nodeId,
    genesis,
    joined: !claim.isFounder,
    log: raftLog,
    state,
    drops: state,
    reconcile: true,
    onRouting: (table) => {
      transport.setPeers(table.members, table.removed);
      membership?.check();
    },
    transport,
    transfers: transport.transfers,
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    random: Math.random,
    schedule: setImmediate,
    timing: config.timing,
    compaction: config.compaction,
    onSystemState: () => tokens.learn(),
    onEvent: (event) => {
      events.append(event);
      logEvent(log, event);
    },
  });
  store = running;
  transport.setPeers(running.routing.members, running.routing.removed);
  const memberTarget = (id: number): string => {
    const member = running.routing.members.find((m) => m.id === id);
    return member === undefined ? '' : dialTarget(member);
  };
  resources.add(() => running.stop());
  const ticker = setInterval(() => running.tick(), config.timing.tickMs);
  resources.add(() => clearInterval(ticker));

  const executor = new Executor(
    running,
    () => performance.now(),
    (id) => Metadata.addressOf(running, id, scheme),
  );
  const forwarder = new Forwarder(memberTarget, certificates.toNodes);
  resources.add(() => forwarder.close());
  const router = new Router(
    running,
    executor,
    (...call) => forwarder.forward(...call),
    () => performance.now(),
  );
  const metadata = new Metadata(running, router, scheme);
  const own =
    configured.toNodes === undefined ? certificates.toNodes : withToken(certificates.toNodes, configured.toNodes);
  const directory = new NodeDirectory(running, own, certificates.toNodes);
  resources.add(() => directory.close());
  const conductor = new Conductor({
    store: running,
    directory,
    transport,
    incarnation,
    tickMs: config.timing.tickMs,
    nowMs: () => performance.now(),
    log,
  });
  resources.add(() => conductor.close());
  const desk = new MembersDesk({ store: running, directory, conductor, nowMs: () => performance.now(), sleep });
  const metrics = new NodeMetrics(running, config.timing.tickMs, () => conductor.moving, raftLog);
  const lookup = new LeaderLookup(running, router, memberTarget, own);
  resources.add(() => lookup.close());
  certificates.onAuthorityChange(() => {
    forwarder.reconnect();
    lookup.reconnect();
    directory.close();
  });

  let stopping: Promise<void> | null = null;
  let markStopped!: () => void;
  const stopped = new Promise<void>((resolve) => (markStopped = resolve));
  const stop = (reason: string, { withCluster } = { withCluster: false }): Promise<void> => {
    stopping ??= (async () => {
      log.info({ reason }, 'stopping');
      running.events.emit('nodeStopping', { detail: reason });
      if (!withCluster) await handOverAll(running, HAND_OVER_MS);
      await resources.close();
      log.info('stopped');
      markStopped();
    })();
    return stopping;
  };

  let expelled: string | null = null;
  membership = new MembershipWatch({
    store: running,
    directory,
    incarnation,
    nowMs: () => performance.now(),
    seeds: [...(config.join ?? []), ...(config.seeds ?? [])],
    credentials: own,
    onNewer: (members) => {
      // What it says of partitions is for the system group alone to say; this is to get there.
      const known = parseRouting(members);
      transport.setPeers(known.members, known.removed);
    },
    onExpelled: (why) => {
      expelled = why;
      log.error({ reason: why }, 'this node is no member any more');
      running.events.emit('nodeRemoved', { detail: why });
      void stop(why);
    },
  });
  const watch = membership;
  resources.add(() => watch.close());

  const facts = {
    config,
    version: VERSION,
    startedAtMs,
    store: running,
    transport,
    logBytes: () => raftLog.sizeBytes(),
    faults: () => faults.current,
    logLevel: () => log.level,
  };
  const tails = new LogTails(config.nodeId, (group, index) => {
    const entry = raftLog.reader(group).entries(index, index + 1, 0)[0];
    if (entry === undefined) throw new Error(`Entry ${index} of group ${group} is not in the log.`);
    return { term: entry.term, isConfChange: entry.type === EntryType.ConfChange, sizeBytes: entry.data.length };
  });
  countPeerRefusal = () => metrics.refused('raft');
  const callers = new RefusalReporter((reason) => running.events.emit('accessRefused', { detail: reason }));
  const refuseCaller = (reason: string): void => {
    metrics.refused('client');
    callers.report(reason);
  };
  const memory = new TokenMemory({
    tokens,
    noted: claim.hasTokens,
    joined: claim.genesis === null,
    catchUp: (done) => running.catchUpSystem(performance.now() + CATCH_UP_MS, ({ ok }) => done(ok)),
    note: (hasTokens) => {
      try {
        noteTokens(config, hasTokens);
      } catch (error) {
        log.warn({ reason: (error as Error).message }, 'that the cluster has tokens could not be noted');
      }
    },
  });
  resources.add(() => memory.close());
  const access = new Access({
    anonymous: config.access?.anonymous ?? 'loopback',
    certified: config.tls?.client?.clientCa !== undefined,
    own: configured.own,
    tokens: () => tokens.all,
    mayBeMore: () => memory.mayBeMore,
    isNode: (call) => isMemberCall(call, running.routing, certificates.raft),
    nowMs: Date.now,
    onRefused: refuseCaller,
  });
  tokens.onChange(() => access.recheck());
  resources.add(() => access.close());
  const exported = new Exports(running, () => performance.now());
  resources.add(() => exported.close());
  const control = {
    events,
    exports: exported,
    setLogLevel: (level: LogLevel) => {
      const before = log.level;
      log.level = level;
      return before;
    },
    tokens: new Tokens({
      store: running,
      tokens: () => tokens.all,
      own: configured.own,
      wallMs: Date.now,
      monotonicMs: () => performance.now(),
    }),
    addressOf: (id: number) => Metadata.addressOf(running, id, scheme),
    token: options.token ?? null,
    status: () => nodeStatus(facts),
    log: (request: LogRequest) => ({
      ...tails.tail(request, groupStatuses(running, config.timing.tickMs)),
      timeMs: Date.now(),
    }),
    setFaults: (asked: Parameters<FaultControl['set']>[0]) => faults.set(asked, transport),
    transferLeadership: (request: TransferRequest) => transferLeadership(running, request),
    members: desk,
    handOver: async () => {
      const remaining = await handOverAll(running, ASKED_HAND_OVER_MS);
      if (stopping === null) running.endHandOver();
      return remaining;
    },
    stop: ({ withCluster }: StopRequest) => void stop('asked to, with its token', { withCluster }),
  };
  const probes: HealthProbes = {
    liveProblem: () => running.storageFailure,
    readyProblem: () => {
      if (running.storageFailure !== null) return running.storageFailure;
      const { known, of } = leadersKnown(running);
      return known === of ? null : `${of - known} of ${of} partitions have no leader`;
    },
  };
  const health = new GrpcHealth({
    whenReady: ['raft.PrkDbService', 'raft.KvService'],
    always: ['prkdb.cluster.ClusterService'],
    readyProblem: probes.readyProblem,
  });
  resources.add(() => health.close());
  resources.add(events.listen((event) => (event.kind === 'nodeStopping' ? health.stopping() : health.refresh())));
  const published = serviceDefinition('prkdb', 'raft.PrkDbService');
  const watches = new Watches(running, () => performance.now());
  metrics.exportWatches(watches);
  const budgets = new RequestBudgets(limits);
  const server = await startGrpcServer({
    host: config.bindHost,
    port: self.clientPort,
    certificates: certificates.client,
    limits,
    access,
    onRefused: refuseCaller,
    services: [
      { definition: published, implementation: prkDbService(running, router, metadata, metrics, watches, budgets) },
      notOffered(published),
      {
        definition: serviceDefinition('prkdb', 'raft.KvService'),
        implementation: { Stream: kvStreamHandler(router, metrics, budgets, access) },
      },
      {
        definition: serviceDefinition('cluster', 'prkdb.cluster.ClusterService'),
        implementation: clusterService(control),
      },
    ],
    extras: [(registry) => health.addTo(registry), addReflection],
  });
  resources.add(() => server.stop(STOP_GRACE_MS));
  resources.add(() => watches.close());
  const http = await serveHttp(config.bindHost, self.metricsPort, metrics.registry, probes).catch((error: unknown) => {
    throw bindError('metrics', config.bindHost, self.metricsPort, error);
  });
  resources.add(
    () =>
      new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  );
  if (options.leash !== undefined) {
    const release = await holdLeash(
      options.leash,
      () => void stop('the process that owned this node is gone', { withCluster: true }),
    );
    resources.add(release);
  }
  if (config.access?.anonymous === 'everywhere' && tokens.all.size === 0) {
    log.warn('access.anonymous is everywhere and there is no token: whoever reaches the client port may do everything');
  }
  running.events.emit('nodeStarted', { detail: `version ${VERSION}, pid ${process.pid}` });
  log.info({ clientPort: self.clientPort, raftPort: self.raftPort, version: VERSION, pid: process.pid }, 'serving');
  return {
    config,
    stopped: ended(stopped, () => expelled),
    stop,
  };
}

async function ended(stopped: Promise<void>, expelled: () => string | null): Promise<void> {
  await stopped;
  const why = expelled();
  if (why !== null) throw new ExpelledError(why);
}
