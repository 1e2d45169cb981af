/** A cluster shape worth a click. */
export interface Preset {
  readonly id: 'single' | 'dev' | 'five';
  readonly title: string;
  readonly hint: string;
  readonly baseName: string;
  readonly nodes: number;
  readonly replicationFactor: number;
}

export const presets = [
  { id: 'single', title: 'Single node', hint: '1 node, 1 copy', baseName: 'single', nodes: 1, replicationFactor: 1 },
  { id: 'dev', title: '3-node dev', hint: 'survives 1 failure', baseName: 'dev-3', nodes: 3, replicationFactor: 3 },
  { id: 'five', title: '5-node', hint: 'survives 2 failures', baseName: 'dev-5', nodes: 5, replicationFactor: 5 },
] as const satisfies readonly Preset[];

export const DEFAULT_PARTITIONS = 8;

/** The first of base, base-2, base-3 ... that no cluster has. */
export function freeName(base: string, taken: readonly string[]): string {
  let name = base;
  for (let i = 2; taken.includes(name); i++) name = `${base}-${i}`;
  return name;
}
