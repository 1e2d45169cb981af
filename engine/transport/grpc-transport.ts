import { status } from '@grpc/grpc-js';
import { MAX_MESSAGE_BYTES } from '../config/limits.ts';
import type { CertificateFiles } from '../net/certificate-files.ts';
import { nodeCertificateName } from '../net/certificates.ts';
import { fileCredentials, plaintext, type Credentials } from '../net/credentials.ts';
import type { NodeId } from '../raft/types.ts';
import { Acceptor } from './acceptor.ts';
import { Dialer } from './dialer.ts';
import { compileFaults, type FaultFilter } from './faults.ts';
import type { Identity } from './handshake.ts';
import type { QueueLimits } from './outbound-queue.ts';
import { PeerLink } from './peer-link.ts';
import { PeerTable } from './peers.ts';
import { RefusalReporter } from './refusal-reporter.ts';
import { hostAndPort } from './service.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import type {
  Envelope,
  LinkFault,
  Peer,
  PeerLinkStatus,
  PeerListener,
  SnapshotListener,
  SnapshotTransfers,
  Transport,
} from './types.ts';

const DEFAULT_PING_INTERVAL_MS = 1000;

const QUEUE_LIMITS: QueueLimits = {
  maxMessages: 16_384,
  maxBytes: 32 * 1024 * 1024,
  frameBytes: 4 * 1024 * 1024,
  // Room for what a frame adds around its only message.
  maxMessageBytes: MAX_MESSAGE_BYTES - 64,
};

export interface GrpcTransportOptions {
  readonly self: NodeId;
  readonly clusterId: string;
  /** Which data directory this node works on. */
  readonly incarnation: string;
  /** The address to bind. */
  readonly bindHost: string;
  /** 0 takes any free port; see `GrpcTransport.port`. */
  readonly raftPort: number;
  /** The other nodes of the cluster, until `setPeers`; this node itself is ignored in the list. */
  readonly peers: readonly Peer[];
  readonly listener: PeerListener;
  readonly snapshotListener: SnapshotListener;
  /** Mutual TLS with these; plaintext without. The owner closes them. */
  readonly certificates?: CertificateFiles | null;
  /**
   * A stream was refused, by this node or by the peer it dialed: nearly always a mistake in
   * a configuration. The same reason is reported once in ten seconds.
   */
  readonly onRefused?: (reason: string) => void;
  /** The same without a limit, for whoever counts. */
  readonly onEveryRefusal?: () => void;
  readonly log?: { info(message: string): void };
  /** Uniform in [0, 1): for injected losses and for the spread of reconnects. */
  readonly random?: () => number;
  /** How often every link carries at least one frame, so that silence means something. 1000 by default. */
  readonly pingIntervalMs?: number;
  readonly queueLimits?: Partial<QueueLimits>;
}

export interface GrpcTransport extends Transport {
  readonly transfers: SnapshotTransfers;
  /** The port that is listened on. */
  readonly port: number;
  /** Messages to this peer that were not sent: not connected, queue full, or an injected fault. */
  droppedMessages(peer: NodeId): number;
  /** Messages to this peer that wait to be sent. */
  queuedMessages(peer: NodeId): number;
}

/**
 * Opens the Raft port and keeps one stream to every peer. Of each pair of nodes the one
 * with the lower id dials, so that there are never two streams that race to replace each
 * other. Rejects with TransportBindError when the port cannot be had.
 */
export async function createGrpcTransport(options: GrpcTransportOptions): Promise<GrpcTransport> {
  const { self, listener, log, random = Math.random } = options;
  const identity: Identity = { self, clusterId: options.clusterId, incarnation: options.incarnation };
  const limits = { ...QUEUE_LIMITS, ...options.queueLimits };
  const certificates = options.certificates ?? null;
  const credentialsOf = (peer: NodeId): Credentials =>
    certificates === null
      ? plaintext
      : fileCredentials(certificates, () => nodeCertificateName(options.clusterId, peer));
  const refusals = new RefusalReporter((reason) => {
    options.onRefused?.(reason);
  });
  const onRefused = (reason: string): void => {
    options.onEveryRefusal?.();
    refusals.report(reason);
  };

  const peers = new PeerTable(self, options.peers);
  const links = new Map<NodeId, PeerLink>();
  const dialers = new Map<NodeId, Dialer>();
  let filters: ReadonlyMap<NodeId, FaultFilter> = new Map();

  const isCut = (peer: NodeId): boolean => links.get(peer)?.cut ?? false;
  const snapshots = new SnapshotReceiver({
    identity,
    peers,
    isCut,
    listener: options.snapshotListener,
    certified: certificates !== null,
    onRefused,
  });
  const addressOf = (node: NodeId): string | undefined => peers.addressOf(node);
  const transfers = new SnapshotSender({ identity, addressOf, credentialsOf, isCut, random });

  const { acceptor, port } = await Acceptor.listen({
    snapshots,
    identity,
    links,
    peers,
    bindHost: options.bindHost,
    raftPort: options.raftPort,
    certificates,
    onRefused,
  });
  log?.info(`listening for peers on ${options.bindHost}:${port}`);

  /** Whom each link leads to, so that it ends when that changes. */
  const reached = new Map<NodeId, string>();
  const nameOf = (peer: Peer): string => `${hostAndPort(peer.host, peer.raftPort)} ${peer.incarnation}`;

  function connect(peer: Peer): void {
    const { id, host, raftPort } = peer;
    const link = new PeerLink({ self, peer: id, listener, limits });
    link.setFault(filters.get(id));
    links.set(id, link);
    reached.set(id, nameOf(peer));
    if (self > id) return;
    const credentials = credentialsOf(id);
    dialers.set(id, new Dialer({ identity, link, peers, host, raftPort, credentials, random, onRefused }));
  }

  function disconnect(id: NodeId, reason: string): void {
    dialers.get(id)?.close();
    dialers.delete(id);
    const link = links.get(id);
    const wasConnected = link?.status().connected === true;
    link?.close({ code: status.FAILED_PRECONDITION, reason });
    links.delete(id);
    reached.delete(id);
    if (wasConnected) listener.disconnected(id);
  }

  for (const peer of peers.all) connect(peer);
  // What was accepted under other authorities than those of now may not be accepted any more.
  const stopWatching = certificates?.onAuthorityChange(() => {
    for (const dialer of dialers.values()) dialer.reconnect();
    transfers.reconnect();
  });
  const pingTimer = setInterval(() => {
    for (const link of links.values()) link.ping();
  }, options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS);

  let closing: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    clearInterval(pingTimer);
    stopWatching?.();
    for (const dialer of dialers.values()) dialer.close();
    for (const link of links.values()) link.close({ code: status.UNAVAILABLE, reason: `node ${self} is stopping` });
    transfers.close();
    snapshots.close();
    await acceptor.close();
  }

  return {
    port,
    transfers,
    send(to: NodeId, envelopes: readonly Envelope[]): void {
      if (envelopes.length > 0) links.get(to)?.send(envelopes);
    },
    links(): readonly PeerLinkStatus[] {
      return Array.from(links.values(), (link) => ({
        ...link.status(),
        incarnation: peers.seenIncarnation(link.peer),
      }));
    },
    setPeers(wanted: readonly Peer[], removed: readonly NodeId[]): void {
      if (closing !== undefined) return;
      peers.set(wanted, removed);
      for (const id of links.keys()) {
        const peer = peers.get(id);
        if (peer === undefined) disconnect(id, `node ${id} is no member of this cluster any more`);
        // That it becomes known which data directory a peer has changes nothing, if it is the one it came with.
        else if (reached.get(id) !== nameOf(peer)) {
          const isSame =
            peers.seenIncarnation(id) === peer.incarnation && reached.get(id) === nameOf({ ...peer, incarnation: '' });
          if (isSame) reached.set(id, nameOf(peer));
          else disconnect(id, `node ${id} is known to this cluster in another way now`);
        }
      }
      for (const peer of peers.all) if (!links.has(peer.id)) connect(peer);
    },
    setFaults(faults: readonly LinkFault[]): void {
      filters = compileFaults(faults, random);
      for (const [id, link] of links) {
        const wasCut = link.cut;
        link.setFault(filters.get(id));
        if (link.cut) dialers.get(id)?.abandon();
        else if (wasCut) dialers.get(id)?.wake();
      }
    },
    droppedMessages: (peer) => links.get(peer)?.droppedMessages ?? 0,
    queuedMessages: (peer) => links.get(peer)?.queuedMessages ?? 0,
    close(): Promise<void> {
      closing ??= shutDown();
      return closing;
    },
  };
}
