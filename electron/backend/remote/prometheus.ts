/** One line of a Prometheus exposition. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of an exposition in the text format. Lines that are none are left out: nothing remote is trusted. */
export function readMetrics(text: string): MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, name = '', labels = '', value = ''] = match;
    const number = value === '+Inf' ? Infinity : Number(value);
    if (Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', raw = '']): [string, string] => [key, unescape(raw)]);
    return [{ name, labels: Object.fromEntries(pairs), value: number }];
  });
}

/** The sum over all series of a name; null when there is none. */
export function total(samples: readonly MetricSample[], name: string): number | null {
  const found = samples.filter((sample) => sample.name === name);
  return found.length === 0 ? null : found.reduce((sum, sample) => sum + sample.value, 0);
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
