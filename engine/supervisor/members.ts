import { MAX_NODES } from '../config/limits.ts';
import type { Member } from '../config/node-config.ts';
import { SupervisorError } from './errors.ts';
import { findBasePort, isPortFree, memberOnPorts, portsOf } from './ports.ts';
import type { ClusterRecord, LeavingNode } from './types.ts';

/** Members come and go while a cluster lives; what it was founded with stays in its record. */

/** The founding members: what every founding node's configuration names, also after some of them are gone. */
export function foundersOf(record: ClusterRecord): readonly Member[] {
  return record.founders ?? record.members;
}

export function isFounder(record: ClusterRecord, nodeId: number): boolean {
  return foundersOf(record).some((member) => member.id === nodeId);
}

/** Node i of a cluster has this plus i as its client port, unless something else was in the way. */
export function basePortOf(record: ClusterRecord): number {
  const [first] = foundersOf(record);
  return first === undefined ? 0 : first.clientPort - first.id;
}

/** A member with the next id that was never given, on ports that nothing uses. */
export async function nextMember(record: ClusterRecord, taken: ReadonlyMap<number, string>): Promise<Member> {
  if (record.members.length >= MAX_NODES + 1) {
    throw new SupervisorError(
      'invalidSpec',
      `${record.name} has ${record.members.length} nodes, which is the most there can be.`,
      'Remove one first.',
    );
  }
  const id =
    Math.max(...foundersOf(record).map((m) => m.id), ...record.members.map((m) => m.id), ...(record.retired ?? [])) + 1;
  const usual = memberOnPorts(basePortOf(record), id);
  const own = new Set(portsOf(record.members));
  const isFree = async (port: number) => !taken.has(port) && !own.has(port) && (await isPortFree(port));
  if ((await Promise.all(portsOf([usual]).map(isFree))).every(Boolean)) return usual;
  return memberOnPorts(
    await findBasePort(id, new Map([...taken, ...[...own].map((port) => [port, record.name] as const)])),
    id,
  );
}

/** The record with another member. */
export function withMember(record: ClusterRecord, member: Member): ClusterRecord {
  return { ...record, founders: foundersOf(record), members: [...record.members, member] };
}

/** The record with a note that a member is on its way out. */
export function withLeaving(record: ClusterRecord, leaving: LeavingNode): ClusterRecord {
  const others = (record.leaving ?? []).filter(({ id }) => id !== leaving.id);
  return { ...record, leaving: [...others, leaving] };
}

/** The record without a member, whose id is never given again. */
export function withoutMember(record: ClusterRecord, nodeId: number): ClusterRecord {
  return {
    ...record,
    founders: foundersOf(record),
    members: record.members.filter((member) => member.id !== nodeId),
    leaving: record.leaving?.filter(({ id }) => id !== nodeId),
    retired: [...new Set([...(record.retired ?? []), nodeId])].sort((a, b) => a - b),
  };
}
