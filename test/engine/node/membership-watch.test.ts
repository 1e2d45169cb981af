import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../../engine/client/errors.ts';
import { plaintext } from '../../../engine/client/credentials.ts';
import { MembershipWatch } from '../../../engine/node/membership-watch.ts';
import type { GroupStatus } from '../../../engine/rpc/cluster.ts';
import type { NodeDirectory } from '../../../engine/server/members/directory.ts';
import { genesisRouting, type Store } from '../../../engine/store/index.ts';

const GROUP = 1;
const members = [1, 2, 3, 4].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
// Partition 0 shall be on 1, 2 and 3; this is node 4, which still has a replica of it.
const routing = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 3 });

const led: Partial<GroupStatus> = {
  group: GROUP,
  role: 'leader',
  term: 7,
  voters: [1, 2, 3],
  votersOutgoing: [],
  learners: [],
  membershipSettled: true,
};

describe('a replica that nobody wants and that hears from nobody', () => {
  const forgotten: unknown[][] = [];
  let watch: MembershipWatch | null = null;

  beforeEach(() => {
    vi.useFakeTimers();
    forgotten.length = 0;
  });

  afterEach(async () => {
    vi.useRealTimers();
    await watch?.close();
  });

  /** The statuses of nodes 1, 2 and 3; null where one does not answer. */
  async function asks(...statuses: (Partial<GroupStatus> | null)[]): Promise<unknown[][]> {
    const store = {
      nodeId: 4,
      routing,
      groups: new Map(),
      forsaken: () => [GROUP],
      forget: (...told: unknown[]) => void forgotten.push(told),
    };
    const directory = {
      client: (id: number) => ({
        status: async () => {
          const group = statuses[id - 1];
          await Promise.resolve();
          if (group === null || group === undefined) throw new UnavailableError('It does not answer.');
          return { groups: [group] };
        },
      }),
    };
    watch = new MembershipWatch({
      store: store as unknown as Store,
      directory: directory as unknown as NodeDirectory,
      incarnation: '',
      nowMs: () => 100,
      seeds: [],
      credentials: plaintext,
      onNewer: () => {},
      onExpelled: (why) => expect.fail(why),
    });
    await vi.advanceTimersByTimeAsync(1_000);
    return forgotten;
  }

  it('goes when the leader of its group says that it is no member, and that a majority knows so durably', async () => {
    expect(await asks({ ...led, role: 'follower' }, null, led)).toEqual([[GROUP, 100, 7]]);
  });

  it('stays as long as few know of its removal: what it has may still decide an election', async () => {
    expect(await asks({ ...led, membershipSettled: false })).toEqual([]);
  });

  it('stays when the leader is of a version that does not say so', async () => {
    const { membershipSettled: _, ...older } = led;
    expect(await asks(older)).toEqual([]);
  });

  it('stays while it is a member in any way, and when nobody leads', async () => {
    expect(await asks({ ...led, voters: [1, 2, 4] })).toEqual([]);
    expect(await asks({ ...led, votersOutgoing: [2, 3, 4] })).toEqual([]);
    expect(await asks({ ...led, learners: [4] })).toEqual([]);
    expect(await asks({ ...led, role: 'candidate' }, null, null)).toEqual([]);
  });
});
