import type { Command } from 'commander';
import { PrkDbError } from '../../client/index.ts';
import type { MembersResponse, NodeStatus } from '../../rpc/cluster.ts';
import { connectionOf, type LocalCluster, type NodeState } from '../../supervisor/index.ts';
import { clusterNamedOrOnly, endpointsOf, type CommandContext } from '../context.ts';
import { atAnyNode, progressWords } from '../members.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine, table } from '../output.ts';
import { deadNodes, leaderlessPartitions, statusesOf } from '../wait.ts';

/** A node that is paused does not answer; the status is not to wait for it. */
const MEMBERS_TIMEOUT_MS = 1_000;

interface GroupJson {
  readonly partition: number;
  readonly role: string;
  readonly term: number;
  readonly votedFor: number;
  readonly leader: number;
  readonly commitIndex: number;
  readonly lastLogIndex: number;
  readonly appliedIndex: number;
  /** Copies of the whole state that this leader is sending to members whose next entry is no longer in the log. */
  readonly snapshots: readonly { readonly to: number; readonly sentPercent: number }[];
}

interface NodeJson {
  readonly id: number;
  readonly address: string;
  readonly metricsUrl: string;
  readonly pid: number | null;
  readonly state: NodeState;
  readonly logLevel: string | null;
  readonly groups: readonly GroupJson[];
}

export function addStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('Show the nodes of a cluster and their Raft groups.')
    .argument('[name]', 'name of the cluster; not needed when there is one')
    .addOption(jsonOption())
    .action((name: string | undefined, options: { readonly json?: boolean }) => status(context, name, options));
}

async function status(
  context: CommandContext,
  name: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  const cluster = await clusterNamedOrOnly(await context.supervisor(), name);
  const statuses = await statusesOf(cluster);
  const members = await membersOf(cluster);
  const nodes = cluster.nodes.map((_, index) => nodeJson(cluster, index, statuses));
  if (options.json === true) {
    const { epoch, balance, moves } = members ?? { epoch: null, balance: null, moves: [] };
    printJson(context.io, { name: cluster.record.name, nodes, epoch, balance, moves });
    return;
  }
  printLine(context.io, summary(cluster, statuses));
  const progress = members === null ? '' : progressWords(members);
  if (progress !== '') printLine(context.io, `Under way: ${progress}`);
  printLine(context.io, '');
  printLine(context.io, nodeTable(nodes));
  if (nodes.some((node) => node.groups.length > 0)) {
    printLine(context.io, '');
    printLine(context.io, roleMatrix(cluster.record.partitions, nodes));
  }
  for (const line of snapshotLines(nodes)) printLine(context.io, line);
  for (const { id, logLevel } of nodes) {
    if (logLevel !== null && logLevel !== 'info') printLine(context.io, `n${id} logs ${logLevel}.`);
  }
  for (const dead of deadNodes(cluster)) printLine(context.io, `not running: ${dead}`);
}

/** What the cluster says of its members; null when no node answers. */
async function membersOf(cluster: LocalCluster): Promise<MembersResponse | null> {
  const endpoints = endpointsOf(cluster).filter((_, index) => cluster.nodes[index]?.state === 'running');
  if (endpoints.length === 0) return null;
  const target = { endpoints, connection: connectionOf(cluster.record) };
  try {
    return await atAnyNode(target, (client) => client.members({}, { timeoutMs: MEMBERS_TIMEOUT_MS }));
  } catch (error) {
    if (error instanceof PrkDbError) return null;
    throw error;
  }
}

function nodeJson(cluster: LocalCluster, index: number, statuses: readonly (NodeStatus | null)[]): NodeJson {
  const node = cluster.nodes[index]!;
  const member = cluster.record.members[index]!;
  const status = statuses[index] ?? null;
  const groups = (status?.groups ?? []).filter((group) => group.partition !== undefined);
  return {
    id: node.nodeId,
    address: endpointsOf(cluster)[index]!,
    metricsUrl: `http://${member.host}:${member.metricsPort}/metrics`,
    pid: node.pid,
    state: nodeState(node.state, status, statuses),
    logLevel: status?.logLevel ?? null,
    groups: groups
      .map((group) => ({
        partition: group.partition!,
        role: group.role,
        term: group.term,
        votedFor: group.votedFor,
        leader: group.leader,
        commitIndex: group.commitIndex,
        lastLogIndex: group.lastLogIndex,
        appliedIndex: group.appliedIndex,
        snapshots: group.progress.flatMap(({ nodeId, snapshotShare }) =>
          snapshotShare === undefined ? [] : [{ to: nodeId, sentPercent: Math.floor(snapshotShare * 100) }],
        ),
      }))
      .sort((a, b) => a.partition - b.partition),
  };
}

/** partitioned: it answers us, and every link to or from its peers is cut by a fault. */
function nodeState(
  process: LocalCluster['nodes'][number]['state'],
  status: NodeStatus | null,
  statuses: readonly (NodeStatus | null)[],
): NodeState {
  if (process !== 'running') return process;
  if (status === null) return 'suspect';
  const cutByPeer = (peer: number) => {
    const other = statuses.find((s) => s?.nodeId === peer);
    return other?.peers.some((p) => p.nodeId === status.nodeId && p.state === 'cut') ?? false;
  };
  const isCut = status.peers.length > 0 && status.peers.every((p) => p.state === 'cut' || cutByPeer(p.nodeId));
  return isCut ? 'partitioned' : 'live';
}

function summary(cluster: LocalCluster, statuses: readonly (NodeStatus | null)[]): string {
  const { name, partitions, members } = cluster.record;
  const up = cluster.nodes.filter((node) => node.state === 'running').length;
  if (up === 0) return `${name} is not running. Start it with: prkdb up ${name}`;
  const leaderless = leaderlessPartitions(cluster, statuses);
  const led =
    leaderless.length === 0
      ? 'every partition is led'
      : `${leaderless.length} of ${partitions} partitions have no leader`;
  return `${name}: ${up} of ${members.length} nodes run, ${led}.`;
}

function nodeTable(nodes: readonly NodeJson[]): string {
  const rows = nodes.map((node) => {
    const leads = node.groups.filter((group) => group.role === 'leader').length;
    const follows = node.groups.length - leads;
    const roles = node.groups.length === 0 ? ['-', '-'] : [String(leads), String(follows)];
    return [`n${node.id}`, node.state, node.pid === null ? '-' : String(node.pid), node.address, ...roles];
  });
  return table(['NODE', 'STATE', 'PID', 'ADDRESS', 'LEADS', 'FOLLOWS'], rows);
}

function snapshotLines(nodes: readonly NodeJson[]): string[] {
  return nodes.flatMap(({ id, groups }) =>
    groups.flatMap(({ partition, snapshots }) =>
      snapshots.map(
        ({ to, sentPercent }) => `n${id} sends n${to} a snapshot of partition ${partition}: ${sentPercent} % sent.`,
      ),
    ),
  );
}

const LETTERS: Readonly<Record<string, string>> = {
  leader: 'L',
  follower: 'F',
  candidate: 'C',
  preCandidate: 'c',
  learner: 'l',
};

function roleMatrix(partitions: number, nodes: readonly NodeJson[]): string {
  const header = ['PARTITION', ...nodes.map((node) => `n${node.id}`), 'TERM', 'COMMIT', 'APPLIED'];
  const rows = Array.from({ length: partitions }, (_, partition) => {
    const groups = nodes.map((node) => node.groups.find((group) => group.partition === partition));
    const known = groups.filter((group) => group !== undefined);
    const highest = (of: (group: GroupJson) => number) =>
      known.length === 0 ? '-' : String(Math.max(...known.map((group) => of(group))));
    return [
      String(partition),
      ...groups.map((group) => (group === undefined ? '-' : (LETTERS[group.role] ?? '?'))),
      highest((group) => group.term),
      highest((group) => group.commitIndex),
      highest((group) => group.appliedIndex),
    ];
  });
  return `${table(header, rows)}\nL leader, F follower, C candidate, c pre-candidate, l learner, - not known`;
}
