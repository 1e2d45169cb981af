import { leashHolds } from './leash.ts';
import type { NodeControl } from './node-control.ts';
import type { OwnerState, Records, RunAction, RunState } from './records.ts';
import type { ClusterRecord, LocalCluster, NodeProcess } from './types.ts';

/** A cluster as it is now, with what a watcher needs beyond what callers see. */
export interface ClusterView {
  readonly cluster: LocalCluster;
  readonly runs: readonly (RunState | null)[];
  readonly actions: ReadonlyMap<number, readonly RunAction[]>;
  /** There was an owner, and it is gone. */
  readonly ownerGone: boolean;
}

/** Reads the files and asks the system; changes nothing and needs no lock. */
export async function viewCluster(
  records: Records,
  control: NodeControl,
  name: string,
  ownLeash: string | null,
): Promise<ClusterView> {
  const record = await records.record(name);
  const owner = await records.owner(name);
  const ownerGone = await isOwnerGone(owner, ownLeash);
  const runs = await Promise.all(record.members.map((member) => records.run(name, member.id)));
  const nodes = await Promise.all(runs.map((run, index) => viewNode(control, record, index, run, ownerGone)));
  const isUp = nodes.some((node) => node.pid !== null);
  const actions = new Map(runs.map((run, index) => [record.members[index]!.id, run?.actions ?? []]));
  return { cluster: { record, owner: ownership(owner, ownLeash, ownerGone, isUp), nodes }, runs, actions, ownerGone };
}

export async function isOwnerGone(owner: OwnerState | null, ownLeash: string | null): Promise<boolean> {
  if (owner === null || owner.leash === null || owner.leash === ownLeash) return false;
  return !(await leashHolds(owner.leash));
}

function ownership(
  owner: OwnerState | null,
  ownLeash: string | null,
  ownerGone: boolean,
  isUp: boolean,
): LocalCluster['owner'] {
  if (owner === null || ownerGone) return 'none';
  if (owner.leash === null) return isUp ? 'detached' : 'none';
  return owner.leash === ownLeash ? 'self' : 'other';
}

async function viewNode(
  control: NodeControl,
  record: ClusterRecord,
  index: number,
  run: RunState | null,
  ownerGone: boolean,
): Promise<NodeProcess> {
  const nodeId = record.members[index]!.id;
  if (run === null) return { nodeId, pid: null, state: 'stopped', startedAtMs: null, pausedAtMs: null, exit: null };
  const { startedAtMs, pausedAtMs, exit } = run;
  const process = await control.state(run);
  if (process !== 'gone') return { nodeId, pid: run.pid, state: process, startedAtMs, pausedAtMs, exit: null };
  const wasStopped = run.actions.at(-1)?.kind === 'stopped' || ownerGone;
  return { nodeId, pid: null, state: wasStopped ? 'stopped' : 'dead', startedAtMs, pausedAtMs: null, exit };
}
