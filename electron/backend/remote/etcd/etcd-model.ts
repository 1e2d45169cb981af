import type {
  ClusterState,
  ClusterSummary,
  ClusterView,
  NodeView,
  PartitionView,
  RemoteSummary,
  Replica,
} from '../../../contract/model.ts';
import type { EtcdAlarm, EtcdMember, EtcdStatus } from '../../../../engine/etcd/index.ts';
import { majorityOf } from '../../clusters/placement.ts';
import type { Problem } from '../problem.ts';
import type { EtcdMetrics } from './etcd-metrics.ts';

/** A member that was not heard for this long does not answer. */
const SILENT_AFTER_MS = 2_500;

interface MemberFacts {
  readonly node: number;
  readonly member: EtcdMember;
  /** Where it answered, or would be asked. */
  address: string | null;
  status: EtcdStatus | null;
  heardAtMs: number | null;
  answerMs: number | null;
  problem: Problem | null;
  metrics: EtcdMetrics | null;
  isLive: boolean;
  sinceMs: number;
}

/** What was heard at one address, while it is not known whose it is too. */
interface AddressFacts {
  problem: Problem | null;
}

export interface ModelRules {
  readonly name: string;
  readonly readOnly: boolean;
  readonly environment: ClusterSummary['environment'];
  readonly remote: () => Omit<RemoteSummary, 'heardAtMs' | 'problem' | 'endpointProblems'>;
}

/**
 * All that is known of one etcd cluster, as the screens show it: one partition, whose replicas
 * are the members. No IO, no timers: the driver feeds it and says what time it is.
 */
export class EtcdModel {
  readonly #rules: ModelRules;
  readonly #members = new Map<string, MemberFacts>();
  readonly #addresses = new Map<string, AddressFacts>();
  /** Numbers once given stay, also when a member is gone for a while. */
  readonly #numbers = new Map<string, number>();
  #alarms: readonly EtcdAlarm[] = [];
  #clusterId: string | null = null;
  #revision = 0;
  #partition: PartitionView;
  #state: ClusterState = 'starting';
  #sinceMs: number;
  #heardAtMs: number | null = null;
  #problem: Problem | null = null;
  /** Why members that answer do not say who they are. */
  #refusal: Problem | null = null;

  constructor(rules: ModelRules, nowMs: number) {
    this.#rules = rules;
    this.#sinceMs = nowMs;
    this.#partition = {
      partition: 0,
      leader: 0,
      term: 0,
      replicas: [],
      commitIndex: 0,
      hasQuorum: false,
      replicasDown: 0,
      leaderSinceMs: null,
      leaderlessSinceMs: nowMs,
    };
  }

  get clusterId(): string | null {
    return this.#clusterId;
  }

  get revision(): number {
    return this.#revision;
  }

  get committed(): number {
    return this.#partition.commitIndex;
  }

  get applied(): number {
    return Math.max(0, ...[...this.#members.values()].map((facts) => facts.status?.appliedIndex ?? 0));
  }

  get leader(): number {
    return this.#partition.leader;
  }

  get term(): number {
    return this.#partition.term;
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** Why members do not answer, by name. */
  get problems(): Map<string, string> {
    const problems = [...this.#members.values()].flatMap(({ member, problem }): [string, string][] =>
      problem === null ? [] : [[nameOf(member), problem.message]],
    );
    return new Map(problems);
  }

  /** The member of that number: its id, and where it is asked. */
  memberOf(node: number): { readonly id: string; readonly name: string; readonly address: string | null } | null {
    const facts = [...this.#members.values()].find((one) => one.node === node);
    return facts === undefined ? null : { id: facts.member.id, name: nameOf(facts.member), address: facts.address };
  }

  takeMembers(members: readonly EtcdMember[], addresses: ReadonlyMap<string, readonly string[]>, nowMs: number): void {
    const sorted = [...members].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    for (const { id } of sorted) if (!this.#numbers.has(id)) this.#numbers.set(id, this.#numbers.size + 1);
    for (const id of this.#members.keys()) if (!members.some((one) => one.id === id)) this.#members.delete(id);
    for (const member of sorted) {
      const before = this.#members.get(member.id);
      const address = before?.address ?? addresses.get(member.id)?.[0] ?? null;
      this.#members.set(member.id, {
        status: null,
        heardAtMs: null,
        answerMs: null,
        problem: null,
        metrics: null,
        isLive: false,
        sinceMs: nowMs,
        ...before,
        node: this.#numbers.get(member.id)!,
        member,
        address,
      });
    }
  }

  /** Others are asked no longer. */
  keepAddresses(addresses: readonly string[]): void {
    for (const address of this.#addresses.keys()) if (!addresses.includes(address)) this.#addresses.delete(address);
  }

  takeStatus(address: string, status: EtcdStatus, nowMs: number, answerMs: number): void {
    this.#clusterId = status.clusterId;
    this.#heardAtMs = nowMs;
    this.#problem = null;
    this.#addresses.set(address, { problem: null });
    this.#revision = Math.max(this.#revision, status.revision);
    const facts = this.#members.get(status.memberId);
    if (facts === undefined) return;
    facts.address = address;
    facts.status = status;
    facts.heardAtMs = nowMs;
    facts.answerMs = answerMs;
    facts.problem = null;
  }

  takeFailure(address: string, problem: Problem): void {
    this.#addresses.set(address, { problem });
    for (const facts of this.#members.values()) if (facts.address === address) facts.problem = problem;
    const all = [...this.#addresses.values()];
    if (all.every((one) => one.problem !== null)) this.#problem = problem;
  }

  /** Nothing can be asked at all, as when a certificate file is gone. */
  takeTrouble(problem: Problem): void {
    this.#problem = problem;
  }

  takeRefusal(problem: Problem | null): void {
    this.#refusal = problem;
  }

  takeAlarms(alarms: readonly EtcdAlarm[]): void {
    this.#alarms = alarms;
  }

  takeMetrics(node: number, metrics: EtcdMetrics | null): void {
    for (const facts of this.#members.values()) if (facts.node === node) facts.metrics = metrics;
  }

  /** Judges everything anew; silence is a change too. `asked`: every address has answered or failed once. */
  judge(nowMs: number, asked: boolean): void {
    const members = [...this.#members.values()];
    for (const facts of members) {
      const isLive = facts.problem === null && facts.heardAtMs !== null && nowMs - facts.heardAtMs < SILENT_AFTER_MS;
      if (isLive === facts.isLive) continue;
      facts.isLive = isLive;
      facts.sinceMs = nowMs;
    }
    this.#judgePartition(members, nowMs);
    const state = this.#judgeState(members, asked);
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = nowMs;
  }

  fingerprint(): string {
    const nodes = [...this.#members.values()].map(
      (facts) => `${facts.member.id}${facts.isLive}${facts.member.isLearner}`,
    );
    return `${this.#state}|${this.#partition.leader}/${this.#partition.term}|${nodes.join(';')}|${this.#problem?.message}|${this.#refusal?.message}`;
  }

  summary(): ClusterSummary {
    const members = [...this.#members.values()];
    return {
      name: this.#rules.name,
      kind: 'etcd',
      state: this.#state,
      nodeCount: members.length,
      nodesUp: members.filter((facts) => facts.isLive).length,
      partitionCount: 1,
      replicationFactor: members.filter(({ member }) => !member.isLearner).length,
      owner: 'none',
      readOnly: this.#rules.readOnly,
      environment: this.#rules.environment,
      sinceMs: this.#sinceMs,
      dataDir: null,
      remote: {
        ...this.#rules.remote(),
        heardAtMs: this.#heardAtMs,
        problem: this.#problem ?? (members.length === 0 ? this.#refusal : null),
        endpointProblems: this.#endpointProblems(),
      },
    };
  }

  view(nowMs: number): ClusterView {
    const members = [...this.#members.values()].sort((a, b) => a.node - b.node);
    return {
      summary: this.summary(),
      timeMs: nowMs,
      nodes: members.map((facts) => this.#nodeView(facts)),
      partitions: members.length === 0 ? [] : [this.#partition],
      load: null,
      faults: [],
      etcd: {
        clusterId: hex(this.#clusterId),
        revision: this.#revision,
        alarms: this.#alarms.flatMap(({ memberId, alarm }) => {
          const node = this.#members.get(memberId)?.node;
          return node === undefined ? [] : [{ node, alarm }];
        }),
        members: members.map(({ node, member, status, isLive, problem, metrics }) => ({
          node,
          id: hex(member.id),
          isLearner: member.isLearner,
          peerUrls: [...member.peerUrls],
          clientUrls: [...member.clientUrls],
          version: status?.version ?? null,
          dbSizeBytes: status?.dbSizeBytes ?? null,
          dbInUseBytes: status === null || status.dbInUseBytes === 0 ? null : status.dbInUseBytes,
          errors: [...(status?.errors ?? [])],
          problem: isLive ? null : (problem?.message ?? null),
          metrics: isLive ? metrics : null,
        })),
      },
    };
  }

  /** What is wrong with a member is said beside the member. */
  #endpointProblems(): RemoteSummary['endpointProblems'] {
    const ofMembers = new Set([...this.#members.values()].map((facts) => facts.address));
    const notes = [...this.#addresses].flatMap(([address, { problem }]) =>
      problem === null || ofMembers.has(address) ? [] : [{ address, ...problem }],
    );
    const [asked = ''] = this.#addresses.keys();
    return this.#refusal === null || ofMembers.size === 0 ? notes : [...notes, { address: asked, ...this.#refusal }];
  }

  #judgePartition(members: readonly MemberFacts[], nowMs: number): void {
    const before = this.#partition;
    const voters = members.filter(({ member }) => !member.isLearner);
    const live = members.filter((facts) => facts.isLive);
    const term = Math.max(before.term, ...live.map((facts) => facts.status?.term ?? 0));
    // Whoever lags a term behind may still believe in the former leader.
    const word = live.find(({ status }) => status !== null && status.term === term && status.leaderId !== '0');
    const leader = this.#members.get(word?.status?.leaderId ?? '')?.node ?? 0;
    const up = voters.filter((facts) => facts.isLive).length;
    const isSame = leader === before.leader && term === before.term;
    this.#partition = {
      partition: 0,
      leader,
      term,
      replicas: members.map((facts) => facts.node).sort((a, b) => a - b),
      commitIndex: Math.max(before.commitIndex, ...live.map((facts) => facts.status?.raftIndex ?? 0)),
      // Members that we cannot reach may reach each other: a leader proves a majority.
      hasQuorum: leader !== 0 || up >= majorityOf(voters.length),
      replicasDown: members.length - live.length,
      leaderSinceMs: leader === 0 ? null : isSame ? before.leaderSinceMs : nowMs,
      leaderlessSinceMs: leader !== 0 ? null : before.leader === 0 ? before.leaderlessSinceMs : nowMs,
    };
  }

  #judgeState(members: readonly MemberFacts[], asked: boolean): ClusterState {
    if (!members.some((facts) => facts.isLive)) {
      return this.#state === 'starting' && !asked ? 'starting' : 'unreachable';
    }
    if (!this.#partition.hasQuorum) return 'noQuorum';
    return this.#partition.leader === 0 || members.some((facts) => !facts.isLive) ? 'degraded' : 'running';
  }

  #nodeView({ node, member, address, status, heardAtMs, answerMs, isLive, sinceMs }: MemberFacts): NodeView {
    const place = placeOf(address ?? member.clientUrls[0] ?? '');
    return {
      id: node,
      name: nameOf(member),
      state: isLive ? 'live' : 'suspect',
      pid: null,
      host: place.host,
      clientPort: place.port,
      raftPort: placeOf(member.peerUrls[0] ?? '').port,
      metricsUrl: member.clientUrls[0] === undefined ? '' : `${member.clientUrls[0]}/metrics`,
      startedAtMs: null,
      sinceMs,
      cpuPercent: null,
      memoryBytes: null,
      opsPerSecond: null,
      opsHistory: [],
      dataBytes: status?.dbSizeBytes ?? null,
      exit: null,
      storageError: null,
      diskDelayMs: 0,
      heardAtMs,
      answerMs,
      replicas: status === null ? [] : [this.#replica(member, status)],
      links: [],
    };
  }

  #replica(member: EtcdMember, status: EtcdStatus): Replica {
    const leads = status.leaderId === member.id && this.#partition.term === status.term;
    return {
      partition: 0,
      role: member.isLearner ? 'learner' : leads ? 'leader' : 'follower',
      term: status.term,
      votedFor: 0,
      leader: this.#members.get(status.leaderId)?.node ?? 0,
      commitIndex: status.raftIndex,
      lastLogIndex: status.raftIndex,
      appliedIndex: status.appliedIndex,
      matchIndex: null,
      keyCount: null,
    };
  }
}

function nameOf(member: EtcdMember): string {
  // It says its name only when it starts for the first time.
  return member.name === '' ? `new ${hex(member.id).slice(-4)}` : member.name;
}

function hex(id: string | null): string {
  return id === null ? '' : BigInt(id).toString(16);
}

function placeOf(url: string): { host: string; port: number } {
  try {
    const parsed = new URL(/^https?:\/\//.test(url) ? url : `http://${url}`);
    return { host: parsed.hostname, port: Number(parsed.port) || 0 };
  } catch {
    return { host: url, port: 0 };
  }
}
