import { drillScenarios } from './drill-route.ts';
import type { DrillChoice } from '../../../electron/contract/drills.ts';

export type DrillForm = Required<Omit<DrillChoice, 'cluster'>>;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What a cluster of so many partitions allows. */
export function boundsOf(partitions: number, scenario: DrillForm['scenario']) {
  return {
    // A client waits for one partition, a key belongs to one: each partition needs some.
    clients: { min: partitions, max: 1024 },
    keyCount: { min: 4 * partitions, max: 100_000 },
    // Calls to a majority that is cut off must have time to fail.
    faultSeconds: { min: scenario === 'cut-majority' ? 4 : 1, max: 120 },
  } satisfies Partial<Record<keyof DrillForm, Bounds>>;
}

/** What the address says, and what suits the cluster for the rest. */
export function readForm(params: URLSearchParams, partitions: number): DrillForm {
  const scenario = drillScenarios.find((one) => one === params.get('scenario')) ?? 'kill-leader';
  const bounds = boundsOf(partitions, scenario);
  return {
    scenario,
    clients: read(params.get('clients'), bounds.clients, Math.max(16, 2 * partitions)),
    readPercent: read(params.get('reads'), { min: 0, max: 100 }, 50),
    keyCount: read(params.get('keys'), bounds.keyCount, Math.max(80, 10 * partitions)),
    faultSeconds: read(params.get('seconds'), bounds.faultSeconds, 5),
  };
}

const names = {
  scenario: 'scenario',
  clients: 'clients',
  readPercent: 'reads',
  keyCount: 'keys',
  faultSeconds: 'seconds',
};

/** The address with one part of the form changed. */
export function writeForm(params: URLSearchParams, change: Partial<DrillForm>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(change)) next.set(names[name as keyof DrillForm], String(value));
  return next;
}

/** What is wrong with a number, in a sentence; undefined when nothing is. */
export function problemOf(value: number, { min, max }: Bounds): string | undefined {
  return value < min || value > max
    ? `Use ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}.`
    : undefined;
}

function read(text: string | null, { min, max }: Bounds, otherwise: number): number {
  if (text === null || !/^\d{1,6}$/.test(text)) return Math.min(max, Math.max(min, otherwise));
  return Number(text);
}
