import type { ClusterSpecInput, ClusterSummary, SpecCheck } from '../../../electron/contract/model.ts';
import type { ApiError } from '../../../electron/contract/contract.ts';
import { plural } from '../../ui/format.ts';
import { DEFAULT_PARTITIONS, freeName, presets, type Preset } from './presets.ts';

/** The sheet's fields as typed. Empty base port and data directory mean "choose for me". */
export interface SpecForm {
  readonly name: string;
  readonly nodes: number;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly basePort: string;
  readonly dataDir: string;
  readonly tls: boolean;
}

export type SpecField = Exclude<keyof SpecForm, 'tls'>;
export type Problems = Partial<Record<SpecField, string>>;

/** A preset's fields. What the preset does not speak of stays as it was. */
export function applyPreset(form: SpecForm, preset: Preset, taken: readonly string[]): SpecForm {
  const suggested = presets.some((other) => isSuggestion(form.name, other.baseName));
  return {
    ...form,
    name: form.name === '' || suggested ? freeName(preset.baseName, taken) : form.name,
    nodes: preset.nodes,
    replicationFactor: preset.replicationFactor,
  };
}

function isSuggestion(name: string, base: string): boolean {
  return name === base || (name.startsWith(`${base}-`) && /^\d+$/.test(name.slice(base.length + 1)));
}

export function emptyForm(preset: Preset, taken: readonly string[]): SpecForm {
  const form = {
    name: '',
    nodes: 0,
    partitions: DEFAULT_PARTITIONS,
    replicationFactor: 0,
    basePort: '',
    dataDir: '',
    tls: false,
  };
  return applyPreset(form, preset, taken);
}

/** The shape of a cluster that is there, for another one beside it. */
export function formLike(cluster: ClusterSummary, taken: readonly string[]): SpecForm {
  return {
    name: freeName(`${cluster.name.slice(0, 24)}-copy`, taken),
    nodes: cluster.nodeCount,
    partitions: cluster.partitionCount,
    replicationFactor: cluster.replicationFactor,
    basePort: '',
    dataDir: '',
    tls: false,
  };
}

/** The preset that the counts are exactly, if any. */
export function matchingPreset(form: SpecForm): Preset | null {
  return (
    presets.find((preset) => preset.nodes === form.nodes && preset.replicationFactor === form.replicationFactor) ?? null
  );
}

/** A node count takes the copies down with it, and up again while there was one on every node. */
export function withNodes(form: SpecForm, nodes: number): SpecForm {
  const everywhere = form.replicationFactor === form.nodes && nodes <= 5;
  return { ...form, nodes, replicationFactor: everywhere ? nodes : Math.min(form.replicationFactor, nodes) };
}

export type ReadSpec = { ok: true; spec: ClusterSpecInput } | { ok: false; problems: Problems };

/**
 * The specification the fields stand for, or a sentence for each field that is wrong. The
 * same rules and sentences as clusterSpecSchema's, without loading its library.
 */
export function readForm(form: SpecForm): ReadSpec {
  const problems: Problems = {};
  const basePort = form.basePort.trim();
  const told: Record<Exclude<SpecField, 'dataDir'>, string | undefined> = {
    name: nameProblem(form.name),
    nodes: countProblem(form.nodes, 9, 'node', 'nodes'),
    partitions: countProblem(form.partitions, 256, 'partition', 'partitions'),
    replicationFactor: countProblem(form.replicationFactor, 9, 'copy', 'copies') ?? copiesProblem(form),
    basePort: portProblem(basePort),
  };
  for (const [field, problem] of Object.entries(told)) {
    if (problem !== undefined) problems[field as SpecField] = problem;
  }
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  const { name, nodes, partitions, replicationFactor } = form;
  const dataDir = form.dataDir.trim() === '' ? null : form.dataDir.trim();
  const spec = {
    name,
    nodes,
    partitions,
    replicationFactor,
    basePort: basePort === '' ? null : Number(basePort),
    dataDir,
    ...(form.tls && { tls: true }),
  };
  return { ok: true, spec };
}

/** What is wrong with a cluster's name. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Give the cluster a name.';
  if (name.length > 32) return 'A name has at most 32 characters.';
  return /^[a-z][a-z0-9-]*$/.test(name) ? undefined : 'A name begins with a letter and has only a-z, 0-9 and hyphens.';
}

function countProblem(count: number, max: number, one: string, many: string): string | undefined {
  if (count < 1) return `At least 1 ${one}.`;
  return count > max ? `At most ${max} ${many}.` : undefined;
}

function copiesProblem({ nodes, replicationFactor }: SpecForm): string | undefined {
  if (replicationFactor <= nodes) return undefined;
  return `Each copy needs a node of its own: with ${plural(nodes, 'node')}, at most ${nodes}.`;
}

function portProblem(port: string): string | undefined {
  if (port === '') return undefined;
  if (!/^\d+$/.test(port)) return 'A port is a number. Leave it empty to have free ones chosen.';
  if (Number(port) < 1024) return 'Use a port from 1024 on.';
  return Number(port) > 65_000 ? 'Use a port up to 65000.' : undefined;
}

/**
 * What is wrong, field by field: with the fields themselves, else as the host's check found
 * it, else as creating it failed. `check` is the one of exactly these fields.
 */
export function problemsOf(read: ReadSpec, check: SpecCheck | undefined, failure: ApiError | null): Problems {
  if (!read.ok) return read.problems;
  const problems: Problems = {};
  for (const { field, message } of check?.problems ?? []) problems[field] ??= message;
  const failed = failure === null ? undefined : fieldOf(failure);
  if (failure !== null && failed !== undefined) problems[failed] ??= failure.message;
  return problems;
}

/** The field that a failure to create is about; undefined if none. */
export function fieldOf(failure: ApiError): SpecField | undefined {
  if (failure.code === 'alreadyExists') return 'name';
  return failure.code === 'portInUse' ? 'basePort' : undefined;
}

/** What creating the cluster will do, a line each. */
export function whatWillStart(check: SpecCheck, tls: boolean): string[] {
  const copies = check.placement[0]?.length ?? 0;
  const replicas = check.placement.length * copies;
  const memory = Math.round(check.memoryEstimateBytes / 1_000_000);
  return [
    `${plural(check.clientPorts.length, 'process', 'processes')}, about ${memory} MB of memory`,
    `${plural(check.placement.length, 'partition')} × ${plural(copies, 'copy', 'copies')} = ${plural(replicas, 'replica')}`,
    survival(check.toleratedFailures),
    tls ? 'Only reachable from this computer, with TLS and its own certificates' : 'Only reachable from this computer',
  ];
}

function survival(failures: number): string {
  if (failures === 0) return 'Stops serving when a node is lost';
  return failures === 1 ? 'Survives the loss of any 1 node' : `Survives the loss of any ${failures} nodes`;
}

/** "7101 – 7103", or "7101" for one. */
export function portRange(ports: readonly number[]): string {
  const [first, last] = [ports[0], ports.at(-1)];
  if (first === undefined || last === undefined) return '';
  return first === last ? String(first) : `${first} – ${last}`;
}
