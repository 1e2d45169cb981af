import { NO_FAULTS, type Plan } from './plan.ts';
import type { Random } from './random.ts';

/**
 * Nearly half of the seeds get a life in which everything can happen. The others get one in which
 * certain things happen all the time, since some bugs need several of them in a row.
 */
const PROFILES = ['any', 'any', 'any', 'churn', 'seesaw', 'seesaw', 'restlessFollowers'] as const;
export type Profile = (typeof PROFILES)[number] | 'tornChanges' | 'lateSnapshots' | 'movingCluster';

/** Three came later: they have seeds of their own, and left the others what they were. */
export function profileOf(seed: number, random: Random): Profile {
  if (seed % 16 === 8) return 'lateSnapshots';
  if (seed % 16 === 10) return 'movingCluster';
  return seed % 8 === 3 || seed % 16 === 0 ? 'tornChanges' : random.pick(PROFILES);
}

export function withProfile(profile: Profile, plan: Plan, random: Random, electionUs: number): Plan {
  switch (profile) {
    case 'any':
      return plan;
    case 'churn':
      return churn(plan, random, electionUs);
    case 'seesaw':
      return seesaw(churn(plan, random, electionUs), random, electionUs);
    case 'restlessFollowers':
      return restlessFollowers(plan, random, electionUs);
    case 'tornChanges':
      return tornChanges(plan, random, electionUs);
    case 'lateSnapshots':
      return lateSnapshots(plan, random, electionUs);
    case 'movingCluster':
      return movingCluster(plan, random, electionUs);
  }
}

/**
 * Leaders take turns: each is cut off right after its election, with entries that few or
 * none have, and who was cut off before comes back with its own.
 */
function seesaw(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    limits: { ...plan.limits, maxAppendBytes: 1, maxInflightAppends: random.pick([1, 1, 64]) },
    network: { ...plan.network, splitChance: 1, dropChance: random.pick([0, 0, 0.2]) },
    faults: {
      ...plan.faults,
      everyUs: electionUs * random.pick([4, 16]),
      weights: { ...NO_FAULTS, crash: 1, pause: 1, linkReset: 2 },
      strikeNewLeader: 0,
      strikeFirstCommit: random.pick([0, 0.3, 0.9]),
      seesaw: random.pick([1, 2, 3]),
    },
    // Long enough to be still waiting when a write's place in the log is taken.
    workload: {
      ...plan.workload,
      clients: random.between(16, 40),
      // So many unknown outcomes on one key would tangle its history.
      keys: random.between(8, 16),
      attemptTimeoutUs: electionUs * random.pick([8, 15]),
    },
  };
}

/**
 * Leaders fall before their entries are everywhere, and come back with them: what the
 * paper's figure 8 shows. Appends are small, so that there is a moment between any two.
 */
function churn(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    limits: { ...plan.limits, maxAppendBytes: random.pick([1, 1, 100]), maxInflightAppends: random.pick([1, 2, 64]) },
    disk: { ...plan.disk, syncMaxUs: plan.disk.syncMinUs + random.logBetween(50, electionUs / 5) },
    faults: {
      ...plan.faults,
      everyUs: electionUs * random.pick([0.5, 1, 2, 4]),
      minUs: electionUs / 5,
      maxUs: electionUs * random.pick([2, 4]),
      weights: {
        ...NO_FAULTS,
        transfer: plan.faults.weights.transfer,
        crash: 3,
        pause: 1,
        isolate: 3,
        split: 2,
        oneWay: 2,
        bridge: 4,
        linkReset: 4,
      },
      leaderShare: 0.8,
      strikeNewLeader: random.pick([0.4, 0.6, 0.8]),
      strikeFirstCommit: random.pick([0.3, 0.6, 0.9]),
    },
    workload: {
      ...plan.workload,
      clients: random.between(2, 6),
      // Steps shall go into elections, and not into requests that wait for one.
      thinkMaxUs: electionUs * random.pick([0.1, 0.3, 1]),
      attemptTimeoutUs: electionUs * random.between(2, 12),
      weights: { ...plan.workload.weights, put: 20, staleGet: 1 },
    },
  };
}

/**
 * The leader stays, the others come and go, and late frames find another process than they were
 * meant for: one that has lived as long, and so has asked as much. Whoever was away stays behind,
 * an entry at a time, so that an old answer shows.
 */
function restlessFollowers(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    limits: { ...plan.limits, maxAppendBytes: 1, maxInflightAppends: 1 },
    network: {
      ...plan.network,
      lateChance: random.pick([0.3, 0.5]),
      // A read whose answer is lost stays open, for one that was meant for an earlier process.
      dropChance: random.pick([0.1, 0.2]),
      lateMaxUs: electionUs * random.pick([0.5, 1]),
    },
    disk: { ...plan.disk, syncMinUs: electionUs / 20, syncMaxUs: electionUs / 3 },
    faults: {
      ...plan.faults,
      everyUs: electionUs * random.pick([0.2, 0.4]),
      minUs: electionUs / 50,
      maxUs: electionUs / 10,
      weights: { ...NO_FAULTS, crash: 6, powerLoss: 3, pause: 1, linkReset: 1 },
      sparesLeaders: true,
      strikeNewLeader: 0,
      strikeFirstCommit: 0,
    },
    workload: {
      ...plan.workload,
      clients: random.between(12, 20),
      thinkMaxUs: electionUs / 2,
      weights: { ...plan.workload.weights, followerGet: 20, put: 20 },
    },
  };
}

/**
 * Groups shrink to their leaders and grow again, and are cut in two along the line between the
 * voters before and after, with little else going on. Disks and rounds are slow, so that there
 * is time between what is done, what is told and what is durable.
 */
function tornChanges(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    // Who was removed asks for votes before its leader finds that it has to step down.
    timing: { ...plan.timing, electionTicksMin: 2 * plan.timing.heartbeatTicks + 1 },
    limits: { ...plan.limits, maxAppendBytes: 1, maxInflightAppends: random.pick([1, 1, 1, 64]) },
    network: {
      ...plan.network,
      delayMinUs: electionUs / 40,
      delaySpreadUs: electionUs / 20,
      lateChance: 0,
      dropChance: 0,
      duplicateChance: 0,
    },
    disk: {
      syncMinUs: electionUs / 100,
      syncMaxUs: electionUs / random.pick([20, 50]),
      unsyncedBatches: 64,
      maxReadEntries: random.pick([1, 1, 3]),
    },
    faults: {
      ...plan.faults,
      everyUs: electionUs * 16,
      weights: { ...NO_FAULTS, transfer: 1, powerLoss: 2, outage: 1, crash: 1, linkReset: 1 },
      strikeNewLeader: 0,
      strikeFirstCommit: 0,
    },
    membership: plan.membership && { ...plan.membership, everyUs: electionUs, askNewLeader: 0.6, tears: true },
    workload: {
      ...plan.workload,
      clients: random.between(4, 10),
      thinkMaxUs: electionUs * random.pick([0.5, 1, 2]),
      attemptTimeoutUs: electionUs * random.pick([1, 2]),
      strayShare: 0.4,
      weights: { ...plan.workload.weights, put: 10, get: 10, followerGet: 2, staleGet: 1 },
    },
    roundDelayMaxUs: random.pick([0, 1000, electionUs / 20]),
  };
}

/**
 * Three nodes with hardly any log, whose snapshots are late. Frames keep their order and nothing
 * else goes wrong, most of the time, so that what is held back is all that is out of order.
 */
function lateSnapshots(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    limits: { ...plan.limits, maxAppendBytes: 1, maxInflightAppends: 64, maxInflightBytes: 1 << 20 },
    compaction: { maxEntries: random.pick([1, 2]), maxBytes: 1 << 20, keepEntries: 0, keepBytes: 0 },
    network: {
      delayMinUs: electionUs / 100,
      delaySpreadUs: electionUs / 2000,
      lateChance: 0,
      lateMaxUs: electionUs / 20,
      dropChance: 0,
      duplicateChance: 0,
      splitChance: 0,
    },
    disk: {
      ...plan.disk,
      syncMinUs: electionUs / 200,
      syncMaxUs: electionUs / random.pick([50, 100]),
      unsyncedBatches: 0,
    },
    faults: {
      ...plan.faults,
      everyUs: electionUs * 16,
      weights: { ...NO_FAULTS, crash: 1, powerLoss: 1, linkReset: 1 },
      strikeNewLeader: 0,
      strikeFirstCommit: 0,
      lateSnapshots: true,
    },
    workload: {
      ...plan.workload,
      clients: random.between(12, 20),
      keys: random.between(8, 16),
      thinkMaxUs: electionUs / 20,
      attemptTimeoutUs: electionUs * random.pick([2, 4]),
      lossChance: 0,
      weights: { ...plan.workload.weights, put: 40 },
    },
    roundDelayMaxUs: 0,
  };
}

/**
 * A cluster of several groups whose nodes come and go: the engine's own planner moves replicas and
 * leaders, and whoever directs that is struck in the middle of it. Any fault can come; few clients
 * and slow timers leave the steps to the moves.
 */
function movingCluster(plan: Plan, random: Random, electionUs: number): Plan {
  return {
    ...plan,
    limits: { ...plan.limits, maxUncommittedBytes: 1 << 24 },
    compaction: { ...plan.compaction, maxEntries: random.pick([2, 2, 10, 40]) },
    faults: { ...plan.faults, everyUs: electionUs * random.pick([1, 2, 4, 8]) },
    cluster: {
      founders: plan.genesis.members.length,
      everyUs: electionUs * random.pick([2, 4, 8]),
      strikeConductor: random.pick([0.1, 0.3, 0.6]),
      strikeChange: random.pick([0, 0.1, 0.3]),
      halfTold: random.pick([0, 0.4, 0.8]),
    },
    workload: {
      ...plan.workload,
      clients: random.between(1, 4),
      thinkMaxUs: electionUs * random.pick([0.3, 1]),
      attemptTimeoutUs: electionUs * random.pick([1, 2]),
    },
  };
}
