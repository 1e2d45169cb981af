/** A Raft group. 0 is the system group; partition p (counted from 0) is group p + 1. */
export type GroupId = number;

export const SYSTEM_GROUP: GroupId = 0;

export function groupOfPartition(partition: number): GroupId {
  return partition + 1;
}

/** Undefined for the system group. */
export function partitionOfGroup(group: GroupId): number | undefined {
  return group === SYSTEM_GROUP ? undefined : group - 1;
}
