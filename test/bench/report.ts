/** One line of the printed table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** What we are compared with: etcd, or the machine's own limit. */
  readonly theirs: number;
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly atLeast: number | null;
  readonly note: string;
}

function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

export function tableHead(versions: Record<string, string>): string {
  const measured = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Compared: ${measured.join(', ')}\n| figure | ours | theirs | ratio (min to max) | promised | how |\n| --- | --- | --- | --- | --- | --- |`;
}

export function row(r: Row): string {
  const ratio = `${r.ratio.toFixed(2)} x (${r.ratioMin.toFixed(2)} to ${r.ratioMax.toFixed(2)})`;
  const promised = r.atLeast === null ? '' : `${r.atLeast} x`;
  return `| ${r.name} | ${figure(r.ours)} ${r.unit} | ${figure(r.theirs)} ${r.unit} | ${ratio} | ${promised} | ${r.note} |`;
}
