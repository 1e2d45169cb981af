import * as grpc from '@grpc/grpc-js';
import { partitionOfKey } from '../../engine/config/seahash.ts';
import {
  KvStatus,
  WriteKind,
  type KvEntry,
  type KvRequest,
  type KvRequests,
  type KvResponse,
  type KvResponses,
  type MetadataResponse,
  type WriteOperation,
} from '../../engine/rpc/kv.ts';
import { serviceDefinition } from '../../engine/rpc/protos.ts';

/** What a test makes a node do with a request: answer so, say nothing, answer when released, or break the stream. */
export type Script = (
  node: number,
  request: KvRequest,
) => Partial<KvResponse> | 'silent' | 'hold' | 'break' | undefined;

const EMPTY: KvResponse = {
  id: 0,
  status: KvStatus.Ok,
  message: '',
  leaderId: 0,
  leaderAddress: '',
  epoch: 1,
  partition: 0,
  entry: null,
  entries: [],
  more: false,
  found: false,
  stalenessMs: 0,
  session: 0,
  revisions: [],
  results: [],
  conflictAt: 0,
};

/** Nodes that speak the client protocol over one shared map, without Raft: for tests of the client alone. */
export class FakeCluster {
  readonly leaders: number[];
  readonly received: { node: number; request: KvRequest }[] = [];
  /** Requests per message, in order of arrival, by node. */
  readonly batches: { node: number; size: number }[] = [];
  script: Script = () => undefined;
  /** Answers that a script holds back: call them to send. */
  readonly held: (() => void)[] = [];
  /** Metadata calls are taken and not answered. */
  silentMetadata = false;
  metadataCalls = 0;
  clusterId = 'fake';
  epoch = 1;
  pageLimit = Infinity;
  readonly #servers = new Map<number, grpc.Server>();
  readonly #ports = new Map<number, number>();
  readonly #rows = new Map<string, KvEntry>();
  readonly #revisions: number[];
  readonly #answers = new Map<string, Partial<KvResponse>>();
  #sessions = 0;

  private constructor(partitions: number) {
    this.leaders = Array.from({ length: partitions }, () => 1);
    this.#revisions = Array.from({ length: partitions }, () => 0);
  }

  static async start(nodes: number, partitions: number): Promise<FakeCluster> {
    const cluster = new FakeCluster(partitions);
    for (let id = 1; id <= nodes; id++) await cluster.startNode(id);
    return cluster;
  }

  get endpoints(): string[] {
    return [...this.#ports.keys()].map((id) => this.address(id));
  }

  address(node: number): string {
    return `http://127.0.0.1:${this.#ports.get(node)}`;
  }

  async startNode(id: number): Promise<void> {
    const server = new grpc.Server();
    server.addService(serviceDefinition('prkdb', 'raft.KvService'), {
      Stream: (call: grpc.ServerDuplexStream<KvRequests, KvResponses>) => this.#serve(id, call),
    });
    server.addService(serviceDefinition('prkdb', 'raft.PrkDbService'), {
      Metadata: (_: unknown, answer: grpc.sendUnaryData<MetadataResponse>) => {
        this.metadataCalls++;
        if (!this.silentMetadata) answer(null, this.#metadata());
      },
      Health: (_: unknown, answer: grpc.sendUnaryData<object>) =>
        answer(null, { healthy: true, numPartitions: this.leaders.length, leadersReady: this.leaders.length }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(
        `127.0.0.1:${this.#ports.get(id) ?? 0}`,
        grpc.ServerCredentials.createInsecure(),
        (error, bound) => (error === null ? resolve(bound) : reject(error)),
      );
    });
    this.#ports.set(id, port);
    this.#servers.set(id, server);
  }

  /** As a crash looks from outside: every connection breaks. */
  killNode(id: number): void {
    this.#servers.get(id)?.forceShutdown();
    this.#servers.delete(id);
  }

  stop(): void {
    for (const id of this.#servers.keys()) this.killNode(id);
  }

  #metadata(): MetadataResponse {
    const replicas = [...this.#ports.keys()];
    return {
      clusterId: this.clusterId,
      clusterName: this.clusterId,
      epoch: this.epoch,
      nodes: replicas.map((nodeId) => ({ nodeId, address: this.address(nodeId), metricsUrl: '' })),
      partitions: this.leaders.map((leaderId, partitionId) => ({ partitionId, leaderId, replicas, term: 1 })),
    };
  }

  #serve(node: number, call: grpc.ServerDuplexStream<KvRequests, KvResponses>): void {
    call.on('data', ({ requests }: KvRequests) => {
      this.batches.push({ node, size: requests.length });
      for (const request of requests) {
        this.received.push({ node, request });
        const scripted = this.script(node, request);
        if (scripted === 'silent') continue;
        if (scripted === 'break') {
          call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'broken by the test' });
          return;
        }
        const done = scripted === undefined || scripted === 'hold' ? this.#execute(node, request) : scripted;
        const answer = () => call.write({ responses: [{ ...EMPTY, epoch: this.epoch, ...done, id: request.id }] });
        if (scripted === 'hold') this.held.push(answer);
        else answer();
      }
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  }

  #execute(node: number, request: KvRequest): Partial<KvResponse> {
    const key = request.get?.key ?? request.write?.key;
    const partition =
      key === undefined
        ? ((request.scan ?? request.openSession)?.partition ?? 0)
        : partitionOfKey(key, this.leaders.length);
    const leader = this.leaders[partition] ?? 0;
    const readMode = request.get?.readMode ?? request.scan?.readMode ?? 0;
    if (readMode === 0 && leader === 0) return { status: KvStatus.NoLeader };
    if (readMode === 0 && leader !== node) {
      return { status: KvStatus.NotLeader, leaderId: leader, leaderAddress: this.address(leader) };
    }
    if (request.openSession) return { session: ++this.#sessions };
    if (request.write) {
      const { write } = request;
      const name = `${write.session}:${write.sequence}`;
      const known = this.#answers.get(name);
      if (known !== undefined) return known;
      const answer = this.#write(partition, write);
      if (write.session !== 0) this.#answers.set(name, answer);
      return answer;
    }
    if (request.get) return { entry: this.#rows.get(Buffer.from(request.get.key).toString('hex')) ?? null };
    const { scan } = request;
    const rows = [...this.#rows.values()]
      .filter((row) => partitionOfKey(row.key, this.leaders.length) === partition)
      .filter((row) => Buffer.compare(row.key.subarray(0, scan!.prefix.length), scan!.prefix) === 0)
      .filter((row) => Buffer.compare(row.key, scan!.after) > 0)
      .sort((a, b) => Buffer.compare(a.key, b.key));
    const page = rows.slice(0, Math.min(scan!.limit, this.pageLimit));
    return { entries: page, more: page.length < rows.length };
  }

  #write(partition: number, write: WriteOperation): Partial<KvResponse> {
    const id = Buffer.from(write.key).toString('hex');
    const before = this.#rows.get(id);
    if (write.hasExpectedRevision && write.expectedRevision !== (before?.revision ?? 0)) {
      return { status: KvStatus.Conflict, entry: before ?? null };
    }
    if (write.kind === WriteKind.Delete) return { found: this.#rows.delete(id) };
    const revision = (this.#revisions[partition] = (this.#revisions[partition] ?? 0) + 1);
    const entry: KvEntry = {
      key: write.key,
      value: write.value,
      revision,
      version: (before?.version ?? 0) + 1,
      createdAtMs: before?.createdAtMs ?? 1000,
      updatedAtMs: 1000 + revision,
      valueSizeBytes: write.value.length,
      expiresAtMs: 0,
    };
    this.#rows.set(id, entry);
    return { entry: { ...entry, value: new Uint8Array(0) }, partition };
  }
}
