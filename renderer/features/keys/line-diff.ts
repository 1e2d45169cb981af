/** One row of a side-by-side comparison; null where a side has no line. */
export interface DiffRow {
  readonly kind: 'same' | 'changed';
  readonly left: string | null;
  readonly right: string | null;
}

/** Beyond this many cells the middle is shown as one changed block rather than searched. */
const MAX_CELLS = 1_000_000;

/** Lines of both texts side by side, equal ones opposite each other. */
export function diffLines(left: string, right: string): DiffRow[] {
  const a = left.split('\n');
  const b = right.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;

  const same = (line: string): DiffRow => ({ kind: 'same', left: line, right: line });
  return [
    ...a.slice(0, head).map(same),
    ...diffMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

function diffMiddle(a: readonly string[], b: readonly string[]): DiffRow[] {
  if (a.length * b.length > MAX_CELLS) return pair(a, b);
  const width = b.length + 1;
  // common[i * width + j]: length of the longest common subsequence of a[i..] and b[j..].
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }

  const rows: DiffRow[] = [];
  let onlyA: string[] = [];
  let onlyB: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const lineA = a[i];
    const lineB = b[j];
    if (lineA !== undefined && lineA === lineB) {
      rows.push(...pair(onlyA, onlyB), { kind: 'same', left: lineA, right: lineB });
      onlyA = [];
      onlyB = [];
      i++;
      j++;
    } else if (lineA !== undefined && (lineB === undefined || at(i + 1, j) >= at(i, j + 1))) {
      onlyA.push(lineA);
      i++;
    } else if (lineB !== undefined) {
      onlyB.push(lineB);
      j++;
    }
  }
  return [...rows, ...pair(onlyA, onlyB)];
}

function pair(a: readonly string[], b: readonly string[]): DiffRow[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => ({
    kind: 'changed',
    left: a[i] ?? null,
    right: b[i] ?? null,
  }));
}

/** A comparison without its long equal stretches: `skipped` lines stand between two hunks. */
export type Hunk = { readonly rows: readonly DiffRow[] } | { readonly skipped: number };

/** Changed rows with this many equal ones around them. */
const CONTEXT_ROWS = 3;

export function hunksOf(rows: readonly DiffRow[]): Hunk[] {
  const near = new Uint8Array(rows.length);
  for (const [i, row] of rows.entries()) {
    if (row.kind === 'changed') near.fill(1, Math.max(0, i - CONTEXT_ROWS), i + CONTEXT_ROWS + 1);
  }
  const hunks: Hunk[] = [];
  for (let from = 0; from < rows.length;) {
    let to = from;
    while (to < rows.length && near[to] === near[from]) to++;
    hunks.push(near[from] === 1 ? { rows: rows.slice(from, to) } : { skipped: to - from });
    from = to;
  }
  return hunks;
}
