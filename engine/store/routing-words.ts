import type { RoutingTable } from './routing.ts';

/** What a newer routing table changes, in words for an event; empty when that is nothing to tell. */
export function routingWords(before: RoutingTable, after: RoutingTable): string {
  const words: string[] = [];
  const was = new Map(before.members.map((m) => [m.id, m]));
  for (const { id, state } of after.members) {
    const known = was.get(id);
    if (known === undefined) words.push(`n${id} joins`);
    else if (known.state !== state) words.push(state === 'active' ? `n${id} is active` : `n${id} is leaving`);
  }
  for (const { id } of before.members) {
    if (!after.members.some((m) => m.id === id)) words.push(`n${id} was removed`);
  }
  const moved = after.partitions.filter(({ replicas }, index) => {
    const old = before.partitions[index]?.replicas ?? [];
    return replicas.length !== old.length || replicas.some((id) => !old.includes(id));
  });
  if (moved.length === 1) words.push(`partition ${moved[0]!.partition} moves`);
  if (moved.length > 1) words.push(`partitions ${moved.map((p) => p.partition).join(', ')} move`);
  if (before.balance !== after.balance && after.balance === 'leaders') words.push('the leaders are spread');
  if (before.balance !== after.balance && after.balance === 'settled') words.push('all is spread');
  return words.join('; ');
}
