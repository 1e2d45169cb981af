import type { GroupId } from '../../engine/config/ids.ts';
import type { NodeId } from '../../engine/raft/types.ts';

/** A property that must always hold, and did not. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;
  readonly group: GroupId;
  readonly node: NodeId;

  constructor(invariant: string, group: GroupId, node: NodeId, message: string) {
    super(message);
    this.invariant = invariant;
    this.group = group;
    this.node = node;
  }
}
