import type { GroupId } from '../../engine/config/ids.ts';
import type { Membership } from '../../engine/raft/types.ts';
import { genesisRouting, placeReplicas, type RoutingTable } from '../../engine/store/routing.ts';
import type { Compaction } from '../../engine/config/node-config.ts';
import type { TimeLimits } from '../../engine/storage/state/apply.ts';
import type { SessionLimits } from '../../engine/storage/state/sessions.ts';
import type { StoreLimits, StoreTiming } from '../../engine/store/types.ts';
import { profileOf, withProfile, type Profile } from './plan-profiles.ts';
import {
  FAULT_KINDS,
  OPERATION_KINDS,
  type DiskPlan,
  type FaultKind,
  type FaultPlan,
  type MembershipPlan,
  type NetworkPlan,
  type OperationKind,
  type Plan,
  type RunOptions,
  type WorkloadPlan,
} from './plan.ts';
import { Random } from './random.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

const SIZES: Readonly<Record<Profile, readonly number[]>> = {
  any: [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7],
  churn: [3, 3, 4, 5, 5, 6, 7],
  seesaw: [3, 5, 5, 5, 5, 7],
  restlessFollowers: [3, 3, 3, 5],
  tornChanges: [3, 4, 4, 5],
  lateSnapshots: [3],
  movingCluster: [1, 3, 3, 3, 3, 4, 5],
};

/** How many there are, in most profiles and where whole clusters move. */
const PARTITIONS = [
  [1, 1, 1, 2, 2, 3, 4],
  [1, 2, 2, 3, 4, 5, 6],
] as const;

const ONE_PARTITION: ReadonlySet<Profile> = new Set(['seesaw', 'restlessFollowers', 'tornChanges', 'lateSnapshots']);

/** Each choice in its own words; the order of the calls is part of what a seed means. */
export function planOf(options: RunOptions): Plan {
  const random = new Random(options.seed, 1);
  const profile = profileOf(options.seed, random);
  const founding = random.pick(SIZES[profile]);
  // Own draws, which leave those of the other seeds as they were when members could not change.
  const membersRandom = new Random(options.seed, 11);
  const isMoving = profile === 'movingCluster';
  const changes = profile !== 'lateSnapshots' && !isMoving && (membersRandom.chance(0.35) || profile === 'tornChanges');
  const joining = isMoving ? membersRandom.between(2, 5) : changes ? membersRandom.between(1, 2) : 0;
  const nodes = options.nodes ?? Math.min(9, founding + joining);
  const founders = isMoving ? Math.min(founding, nodes) : nodes;
  const partitions =
    options.groups ?? (ONE_PARTITION.has(profile) ? 1 : random.pick<number>(PARTITIONS[isMoving ? 1 : 0]));
  const mostReplicas = isMoving ? random.pick([1, 2, 3, 3]) : random.chance(0.7) ? 5 : 3;
  const replicationFactor = Math.min(nodes, mostReplicas);
  const timing = isMoving ? slowTimingOf(random) : timingOf(random);
  const electionUs = timing.tickMs * timing.electionTicksMax * 1000;
  const plan: Plan = {
    seed: options.seed,
    steps: options.steps,
    nodes,
    genesis: genesisOf(founders, partitions, changes ? nodes : Math.min(founders, replicationFactor)),
    timing,
    limits: limitsOf(random),
    compaction: compactionOf(new Random(options.seed, 8)),
    sessions: sessionsOf(new Random(options.seed, 9), electionUs),
    time: timeLimitsOf(new Random(options.seed, 11), electionUs),
    network: networkOf(random, electionUs),
    disk: diskOf(random, electionUs),
    faults: faultsOf(random, new Random(options.seed, 7), electionUs),
    membership: changes && nodes > 1 ? membershipOf(membersRandom, nodes, partitions, electionUs) : null,
    cluster: null,
    workload: workloadOf(random, new Random(options.seed, 10), new Random(options.seed, 13), electionUs),
    clockSkew: random.pick([0, 0.001, 0.05, 0.2]),
    roundDelayMaxUs: random.pick([0, 0, 50, 500, 3000]),
  };
  const whole = withProfile(profile, plan, random, electionUs);
  return changes && membersRandom.chance(0.3) ? forgetful(whole, membersRandom) : whole;
}

function genesisOf(nodes: number, partitions: number, replicationFactor: number): RoutingTable {
  const ids = Array.from({ length: nodes }, (_, i) => i + 1);
  return genesisRouting({
    clusterId: 'simulated',
    clusterName: 'simulated',
    members: ids.map((id) => ({ id, host: 'simulated', clientPort: id, raftPort: id, metricsPort: id })),
    partitions,
    replicationFactor,
  });
}

function membershipOf(random: Random, nodes: number, partitions: number, electionUs: number): MembershipPlan {
  const founders = new Map<GroupId, Membership>();
  const ids = Array.from({ length: nodes }, (_, i) => i + 1);
  for (let group = 0; group <= partitions; group++) {
    const voters = random.pick([1, 2, 3, 3, 3, 4, 5]);
    const learners = random.pick([0, 0, 1, 2]);
    // The preferred leader is among them.
    const order = placeReplicas(ids, Math.max(0, group - 1), nodes);
    const byId = (from: number, to: number) => order.slice(from, to).sort((a, b) => a - b);
    founders.set(group, { voters: byId(0, voters), votersOutgoing: [], learners: byId(voters, voters + learners) });
  }
  return {
    founders,
    everyUs: electionUs * random.pick([0.5, 1, 2, 4]),
    askNewLeader: random.pick([0, 0.2, 0.6]),
    strikeChange: random.pick([0.1, 0.3, 0.6]),
    tears: false,
  };
}

/**
 * Power fails often, and takes with it what was applied: nodes begin with changes to apply again,
 * and it takes them some rounds.
 */
function forgetful(plan: Plan, random: Random): Plan {
  const { faults, disk } = plan;
  const weights = { ...faults.weights, powerLoss: 10, outage: 10 };
  const maxReadEntries = random.pick([1, 1, 3, Infinity]);
  return {
    ...plan,
    disk: { ...disk, unsyncedBatches: 64, maxReadEntries },
    faults: { ...faults, weights },
    roundDelayMaxUs: 3000,
  };
}

function timingOf(random: Random): StoreTiming {
  const heartbeatTicks = random.pick([1, 1, 2, 3]);
  const electionTicksMin = heartbeatTicks * 2 + random.between(1, 8);
  return {
    tickMs: random.pick([5, 10, 20, 50]),
    heartbeatTicks,
    electionTicksMin,
    electionTicksMax: electionTicksMin + random.between(2, 12),
  };
}

/** A second of it costs few steps, and what the engine waits for seconds for can happen. */
function slowTimingOf(random: Random): StoreTiming {
  const heartbeatTicks = random.pick([2, 3]);
  const electionTicksMin = heartbeatTicks * 2 + random.between(2, 6);
  return {
    tickMs: random.pick([20, 50]),
    heartbeatTicks,
    electionTicksMin,
    electionTicksMax: electionTicksMin + random.between(3, 8),
  };
}

/** Small limits, so that windows fill and caches run over within a few writes. */
function limitsOf(random: Random): StoreLimits {
  return {
    maxAppendBytes: random.pick([1, 200, 2 * KiB, MiB]),
    maxInflightAppends: random.pick([1, 2, 4, 64]),
    maxInflightBytes: random.pick([100, 1 * KiB, 8 * MiB]),
    maxUncommittedBytes: random.pick([200, 4 * KiB, 16 * MiB]),
    maxPromotionLagEntries: 3,
    maxCachedBytes: random.pick([0, 300, 4 * KiB, 4 * MiB]),
  };
}

/** Mostly so small that whoever is away for a moment needs a snapshot. */
function compactionOf(random: Random): Compaction {
  return {
    maxEntries: random.pick([2, 10, 40, 100_000]),
    maxBytes: random.pick([200, 4 * KiB, MiB]),
    keepEntries: random.pick([0, 1, 5]),
    keepBytes: random.pick([0, 100]),
  };
}

/** Often so small that sessions expire while their clients work. */
function sessionsOf(random: Random, electionUs: number): SessionLimits {
  return {
    maxSessions: random.pick([2, 10, 1000]),
    maxAnswersPerSession: random.pick([1, 3, 1000]),
    maxAnswers: 10_000,
    idleMs: (electionUs / 1000) * random.pick([5, 50, 10_000]),
  };
}

function timeLimitsOf(random: Random, electionUs: number): TimeLimits {
  return {
    goneKeepMs: Math.ceil((electionUs / 1000) * random.pick([1, 20, 1000])),
    maxGone: random.pick([0, 2, 1000]),
    maxExpiries: random.pick([1, 3, 256]),
  };
}

function networkOf(random: Random, electionUs: number): NetworkPlan {
  const rough = random.chance(0.6);
  return {
    delayMinUs: random.logBetween(50, 1000),
    delaySpreadUs: random.logBetween(100, Math.max(200, electionUs / 10)),
    lateChance: rough ? random.pick([0, 0.005, 0.05]) : 0,
    lateMaxUs: electionUs * random.between(1, 10),
    dropChance: rough ? random.pick([0, 0.01, 0.05, 0.2]) : 0,
    duplicateChance: rough ? random.pick([0, 0.01, 0.1]) : 0,
    splitChance: random.pick([0, 0.2, 1]),
  };
}

function diskOf(random: Random, electionUs: number): DiskPlan {
  const syncMinUs = random.logBetween(20, 3000);
  return {
    syncMinUs,
    syncMaxUs: syncMinUs + random.logBetween(50, Math.max(100, electionUs / 2)),
    unsyncedBatches: random.pick([0, 4, 64]),
    maxReadEntries: Infinity,
  };
}

/** Handing over is no fault but comes like one; its own draws leave the others' as they were before there was any. */
const OWN_DRAWS: ReadonlySet<FaultKind> = new Set(['transfer', 'handOver']);

function faultsOf(random: Random, handOverRandom: Random, electionUs: number): FaultPlan {
  const weightOf = (kind: FaultKind): number => {
    const source = OWN_DRAWS.has(kind) ? handOverRandom : random;
    return source.chance(0.55) ? source.between(1, 10) : 0;
  };
  const weights = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, weightOf(kind)])) as Record<FaultKind, number>;
  return {
    everyUs: electionUs * random.pick([0.5, 1, 2, 4, 8]),
    minUs: electionUs / 10,
    maxUs: electionUs * random.pick([2, 5, 20]),
    weights,
    leaderShare: random.pick([0.2, 0.5, 0.8]),
    sparesLeaders: false,
    strikeNewLeader: random.pick([0, 0, 0.1, 0.4, 0.7]),
    strikeFirstCommit: random.pick([0, 0, 0.2, 0.5]),
    seesaw: 0,
    lateSnapshots: false,
  };
}

function workloadOf(random: Random, sessionRandom: Random, ownRandom: Random, electionUs: number): WorkloadPlan {
  // Transactions came later: half of the seeds have none, and are what they were.
  const weightOf = (kind: OperationKind): number =>
    kind === 'transact' ? ownRandom.pick([0, 0, 3, 15]) : random.between(0, 10);
  const weights = Object.fromEntries(OPERATION_KINDS.map((kind) => [kind, weightOf(kind)])) as Record<
    OperationKind,
    number
  >;
  weights.put += 3;
  weights.get += 1;
  return {
    clients: random.between(1, 12),
    keys: random.between(1, 8),
    operationsPerKey: random.pick([20, 60, 200]),
    thinkMaxUs: random.logBetween(500, electionUs),
    attemptTimeoutUs: random.logBetween(electionUs / 2, electionUs * 6),
    operationTimeoutUs: electionUs * random.between(3, 20),
    strayShare: 0.02,
    lossChance: random.pick([0, 0, 0.01, 0.05]),
    sessionShare: sessionRandom.pick([0, 0.5, 1, 1]),
    ttlShare: sessionRandom.pick([0, 0, 0.1, 0.5]),
    ttlMaxMs: Math.ceil((electionUs / 1000) * sessionRandom.pick([0.5, 5, 50])),
    weights,
  };
}
