import type { FaultRequest } from '../../contract/faults.ts';
import type { AppInfo, ClusterSpecInput, SpecCheck } from '../../contract/model.ts';
import type { ClusterRegistry } from '../clusters/registry.ts';
import { BackendError } from '../errors.ts';
import type { ClusterDriver } from '../clusters/driver.ts';
import type { CopyDesk } from '../copies/copy-desk.ts';
import type { DrillDesk } from '../drills/drill-desk.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { NoticeBoard } from '../monitor/notice-board.ts';
import type { ProfileDesk } from '../remote/profile-desk.ts';
import { BulkKeys } from '../keys/bulk-keys.ts';
import { MAX_CHANGES } from '../keys/key-changes.ts';
import { keySpread } from '../keys/key-spread.ts';
import { keyTree } from '../keys/key-tree.ts';
import type { Handlers, SubscriptionSink } from '../router.ts';
import { driverParts } from './driver-parts.ts';
import { guarded } from './guarded.ts';

const done = {};

/** The contract over the registry: each name one line, so that it can be read as a table. */
export function createHandlers(options: {
  readonly registry: ClusterRegistry;
  readonly drills: DrillDesk;
  readonly copies: CopyDesk;
  readonly profiles: ProfileDesk;
  readonly monitor: Monitor;
  readonly notices: NoticeBoard;
  readonly appInfo: () => AppInfo;
  readonly checkSpec: (spec: ClusterSpecInput) => Promise<SpecCheck>;
}): Handlers {
  const { registry, drills, copies, profiles, monitor, notices } = options;
  const { driver, processes, leaders, faults, load, remote, etcd } = driverParts(registry);
  const ok = async (work: Promise<void>): Promise<typeof done> => {
    await work;
    return done;
  };

  const historyOf = (cluster: string) => {
    const { keys } = driver(cluster);
    if (keys.history !== undefined) return keys.history.bind(keys);
    throw new BackendError('refused', `${cluster} keeps no earlier values of its keys.`);
  };
  const bulk = (cluster: string) => new BulkKeys(driver(cluster).keys);

  /** A drill brings back what it took away, so that it ends before its cluster does. */
  const withoutDrill = async (cluster: string, work: () => Promise<void>): Promise<typeof done> => {
    await drills.cancel(cluster);
    return ok(work());
  };

  /** A drill brings faults of its own, and would measure these too. */
  const startFault = async (cluster: string, fault: FaultRequest): Promise<typeof done> => {
    const controls = faults(cluster);
    if (drills.live(cluster).running === null) return ok(controls.start(fault));
    throw new BackendError('refused', `A drill runs on ${cluster}.`, 'Wait for its end or cancel it.');
  };

  return {
    queries: {
      'app.info': () => options.appInfo(),
      'clusters.list': () => registry.summaries(),
      'clusters.check': (spec) => options.checkSpec(spec),
      'cluster.view': ({ cluster }) => driver(cluster).view(),
      'cluster.history': ({ cluster, ...range }) => driver(cluster).history(range),
      'cluster.events': ({ cluster, limit }) => driver(cluster).events(limit),
      'node.logs': async ({ cluster, node, lines }) => ({ lines: await processes(cluster).logLines(node, lines) }),
      'raft.segments': ({ cluster }) => [...driver(cluster).recordedSegments()],
      'raft.records': ({ cluster, partition, segment, after }) =>
        driver(cluster).recordedPartition(partition, segment, after),
      'keys.scan': ({ cluster, ...scan }) => driver(cluster).keys.scan(scan),
      'keys.get': ({ cluster, key, readMode }) => driver(cluster).keys.get(key, readMode),
      'keys.history': ({ cluster, key, limit }) => historyOf(cluster)(key, limit),
      'keys.lease': ({ cluster, key }) => etcd(cluster).keyLease(key),
      'etcd.access': ({ cluster }) => etcd(cluster).access(),
      'profiles.list': () => profiles.list(),
      'profiles.test': ({ id, draft }) => profiles.test(id, draft),
      'profiles.export': () => profiles.exportAs(),
      'keys.tree': ({ cluster, ...level }) => keyTree(driver(cluster).keys, level),
      'keys.spread': ({ cluster, ...what }) => keySpread(driver(cluster).keys, what),
      'keys.read': ({ cluster, ...range }) => bulk(cluster).read(range),
      'keys.entries': ({ cluster, keys, readMode }) => bulk(cluster).entries(keys, readMode),
      'keys.compare': ({ cluster, entries }) => bulk(cluster).compare(entries),
      'monitor.settings': () => monitor.settings,
      'drills.report': ({ id }) => drills.report(id),
      'drills.compare': ({ first, second }) => drills.compare(first, second),
      'drills.export': ({ id, format }) => drills.exportAs(id, format),
    },
    commands: guarded((cluster) => driver(cluster).remote?.gate ?? null, {
      'clusters.create': (spec) => registry.create(spec),
      'clusters.import': ({ directory, name }) => registry.adopt(directory, name),
      'cluster.start': ({ cluster }) => ok(processes(cluster).start()),
      'cluster.stop': ({ cluster }) => withoutDrill(cluster, () => processes(cluster).stop()),
      'cluster.remove': ({ cluster }) => withoutDrill(cluster, () => registry.remove(cluster)),
      'cluster.rename': ({ cluster, name }) => withoutDrill(cluster, () => registry.rename(cluster, name)),
      'node.start': ({ cluster, node }) => ok(processes(cluster).startNode(node)),
      'node.kill': ({ cluster, node }) => ok(processes(cluster).killNode(node)),
      'node.add': async ({ cluster }) => {
        const controls = processes(cluster);
        await drills.cancel(cluster);
        return { node: await controls.addNode() };
      },
      'node.remove': ({ cluster, node, ...options }) =>
        withoutDrill(cluster, () => processes(cluster).removeNode(node, options)),
      'node.wipe': async ({ cluster, node }) => {
        const controls = processes(cluster);
        await drills.cancel(cluster);
        return { node: await controls.wipeNode(node) };
      },
      'node.handOver': ({ cluster, node }) => ok(leaders(cluster).handOver(node)),
      'partition.transfer': ({ cluster, partition, to }) => ok(leaders(cluster).transfer(partition, to)),
      'node.pause': ({ cluster, node }) => ok(processes(cluster).pauseNode(node)),
      'node.resume': ({ cluster, node }) => ok(processes(cluster).resumeNode(node)),
      'node.restart': ({ cluster, node }) => ok(processes(cluster).restartNode(node)),
      'node.isolate': ({ cluster, node }) => startFault(cluster, { kind: 'isolate', node, durationMs: null }),
      'fault.start': ({ cluster, fault }) => startFault(cluster, fault),
      'fault.end': ({ cluster, id }) => ok(faults(cluster).end(id)),
      'cluster.heal': ({ cluster }) => ok(faults(cluster).heal()),
      'load.start': ({ cluster, ...options }) => ok(load(cluster).start(options)),
      'load.stop': ({ cluster }) => ok(load(cluster).stop()),
      'drills.start': async (choice) => {
        processes(choice.cluster);
        if (faults(choice.cluster).active.length > 0) {
          throw new BackendError(
            'refused',
            `${choice.cluster} suffers faults already.`,
            'Heal all, then run the drill.',
          );
        }
        await drills.start(choice, (isolated) => faults(choice.cluster).tell(isolated));
        // It brings its own; two would measure each other.
        return ok(load(choice.cluster).stop());
      },
      'drills.cancel': ({ cluster }) => ok(drills.cancel(cluster)),
      'drills.delete': ({ id }) => ok(drills.remove(id)),
      'keys.put': ({ cluster, key, value, expectedRevision, ttlMs }) =>
        driver(cluster).keys.put(key, value, expectedRevision, ttlMs),
      'keys.delete': ({ cluster, key, expectedRevision }) => driver(cluster).keys.delete(key, expectedRevision),
      'profiles.save': ({ id, draft }) => profiles.save(id, draft),
      'profiles.remove': ({ id }) => ok(profiles.remove(id)),
      'profiles.import': ({ content }) => profiles.import(content),
      'monitor.configure': (settings) => ok(monitor.configure(settings)),
      'cluster.reconnect': ({ cluster }) => {
        remote(cluster).reconnect();
        return done;
      },
      'cluster.allowWrites': ({ cluster, typedName }) => {
        const controls = remote(cluster);
        controls.gate.unlock(typedName);
        controls.changed();
        return done;
      },
      'etcd.act': async ({ cluster, change }) => ({ words: await etcd(cluster).act(change) }),
      'copies.rehearse': (settings) => copies.rehearse(settings),
      'copies.begin': ({ id, typedName, anew }) => ok(copies.begin(id, typedName, anew)),
      'copies.pause': ({ id }) => ok(copies.pause(id)),
      'copies.compare': ({ id }) => ok(copies.compare(id)),
      'copies.finish': ({ id }) => ok(copies.finish(id)),
      'copies.remove': ({ id }) => ok(copies.remove(id)),
      'keys.putMany': ({ cluster, entries, existing }) => bulk(cluster).putMany(entries, existing),
      'keys.deleteMany': ({ cluster, keys }) => bulk(cluster).deleteMany(keys),
    }),
    subscriptions: {
      copies: (_input, sink) => copies.watch((views) => sink.message(views)),
      'drills.live': ({ cluster }, sink) => drills.watch(cluster, (live) => sink.message(live)),
      'drills.reports': (_input, sink) =>
        drills.watchReports(
          (reports) => sink.message(reports),
          (error) => sink.fail(error),
        ),
      fleet: (_input, sink) => monitor.watchFleet((fleet) => sink.message(fleet)),
      'monitor.log': (_input, sink) => monitor.watchLog((alerts) => sink.message(alerts)),
      notices: (_input, sink) => notices.watch((told) => sink.message(told)),
      clusters: (_input, sink) => {
        sink.message(registry.summaries());
        return registry.onChange(() => sink.message(registry.summaries()));
      },
      'keys.watch': ({ cluster, prefix }, sink) =>
        whileThere(registry, cluster, sink, ({ keys }) => {
          if (keys.watch === undefined) {
            throw new BackendError('refused', `${cluster} does not tell changes of its keys.`);
          }
          return keys.watch(prefix, {
            changes: (changes) => {
              const missed = changes.length > MAX_CHANGES;
              sink.message({ changes: missed ? [] : [...changes], missed });
            },
            fail: (error) => sink.fail(error),
          });
        }),
      'cluster.live': ({ cluster }, sink) =>
        whileThere(registry, cluster, sink, (watched) => watched.watch((update) => sink.message(update))),
      'partition.live': ({ cluster, partition }, sink) =>
        whileThere(registry, cluster, sink, (watched) =>
          watched.watchPartition(partition, (live) => sink.message(live)),
        ),
    },
  };
}

/** A removed cluster says nothing any more; its watcher must learn why. One whose profile changed has another driver. */
function whileThere(
  registry: ClusterRegistry,
  name: string,
  sink: SubscriptionSink<never>,
  watch: (watched: ClusterDriver) => () => void,
): () => void {
  let watched = registry.get(name);
  let stopWatching = watch(watched);
  const stopListening = registry.onChange(() => {
    if (registry.drivers.includes(watched)) return;
    const next = registry.drivers.find((driver) => driver.name === name && driver.remote !== null);
    if (next === undefined) {
      sink.fail(new BackendError('notFound', `The cluster ${name} was deleted.`, 'Choose another cluster.'));
      return;
    }
    stopWatching();
    watched = next;
    stopWatching = watch(next);
  });
  return () => {
    stopWatching();
    stopListening();
  };
}
