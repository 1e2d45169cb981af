import { clusterSpecSchema, type ClusterSpecInput, type SpecCheck } from '../../../electron/contract/model.ts';
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
}

export type SpecField = keyof SpecForm;
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
  const form = { name: '', nodes: 0, partitions: DEFAULT_PARTITIONS, replicationFactor: 0, basePort: '', dataDir: '' };
  return applyPreset(form, preset, taken);
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

/** The specification the fields stand for, or a sentence for each field that is wrong. */
export function readForm(form: SpecForm): ReadSpec {
  const basePort = form.basePort.trim();
  if (basePort !== '' && !/^\d+$/.test(basePort)) {
    return { ok: false, problems: { basePort: 'A port is a number. Leave it empty to have free ones chosen.' } };
  }
  const result = clusterSpecSchema.safeParse({
    ...form,
    basePort: basePort === '' ? null : Number(basePort),
    dataDir: form.dataDir.trim() === '' ? null : form.dataDir.trim(),
  });
  if (result.success) {
    if (form.replicationFactor <= form.nodes) return { ok: true, spec: result.data };
    const nodes = form.nodes === 1 ? '1 node' : `${form.nodes} nodes`;
    return {
      ok: false,
      problems: { replicationFactor: `Each copy needs a node of its own: with ${nodes}, at most ${form.nodes}.` },
    };
  }
  const problems: Problems = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0];
    if (isField(form, field)) problems[field] ??= issue.message;
  }
  return { ok: false, problems };
}

function isField(form: SpecForm, field: unknown): field is SpecField {
  return typeof field === 'string' && Object.hasOwn(form, field);
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
export function whatWillStart(check: SpecCheck): string[] {
  const copies = check.placement[0]?.length ?? 0;
  const replicas = check.placement.length * copies;
  const memory = Math.round(check.memoryEstimateBytes / 1_000_000);
  return [
    `${plural(check.clientPorts.length, 'process', 'processes')}, about ${memory} MB of memory`,
    `${plural(check.placement.length, 'partition')} × ${plural(copies, 'copy', 'copies')} = ${plural(replicas, 'replica')}`,
    survival(check.toleratedFailures),
    'Only reachable from this computer',
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
