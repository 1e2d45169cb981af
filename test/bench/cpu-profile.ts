import { readFileSync } from 'node:fs';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: CallFrame }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Microseconds of the monotonic clock, which all processes of a machine share. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** What a piece of code works at, by where it is. First match counts. */
const AREAS: readonly (readonly [string, RegExp])[] = [
  ['apply (state machine)', /storage\/state\//],
  ['log', /storage\/(log|codec|sqlite)\/|postMessage|node:internal\/worker|per_context\/messageport/],
  ['consensus and rounds', /engine\/(raft|store)\//],
  ['requests and answers', /engine\/(server|node|rpc|config)\//],
  ['client', /engine\/client\/|test\/bench\//],
  ['wire', /engine\/transport\/|@grpc|protobufjs|http2|streams|stream_base|node:(net|events)|writeBuffer|writev/i],
  ['garbage collection', /\(garbage collector\)/],
  ['native code and system calls', /\(program\)/],
];

function areaOf({ functionName, url }: CallFrame): string {
  const place = `${url} ${functionName}`;
  return AREAS.find(([, pattern]) => pattern.test(place))?.[0] ?? 'other';
}

/** Where one process was busy in a window: by area, and by function; each with its share of the busy time. */
export interface BusyTime {
  readonly busySeconds: number;
  readonly areas: readonly (readonly [string, number])[];
  readonly functions: readonly (readonly [string, number])[];
}

/** The time of a CPU profile by the samples that are in the window; idle time is left out. */
export function readCpuProfile(file: string, window: Window): BusyTime {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const frames = new Map(profile.nodes.map((n) => [n.id, n.callFrame]));
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, us: number): void => void to.set(name, (to.get(name) ?? 0) + us);
  let atUs = profile.startTime;
  let busyUs = 0;
  for (const [i, id] of profile.samples.entries()) {
    const us = profile.timeDeltas[i] ?? 0;
    atUs += us;
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)' || atUs < window.fromUs || atUs > window.toUs) continue;
    busyUs += us;
    add(areas, areaOf(frame), us);
    const place = `${frame.url.split('/').slice(-2).join('/')}:${frame.lineNumber + 1}`;
    add(functions, `${frame.functionName || '(anonymous)'} ${place}`, us);
  }
  const shares = (of: Map<string, number>) =>
    [...of].sort((a, b) => b[1] - a[1]).map(([name, us]) => [name, us / Math.max(1, busyUs)] as const);
  return { busySeconds: busyUs / 1e6, areas: shares(areas), functions: shares(functions) };
}
