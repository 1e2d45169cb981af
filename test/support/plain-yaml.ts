type Yaml = string | number | Yaml[] | { [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
  readonly number: number;
}

/**
 * The plain part of YAML that our own files are written in: maps and lists by indentation,
 * scalars on one line. Throws, with the line, at whatever is not that.
 */
export function parsePlainYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .map((line, i): Line => ({ indent: line.search(/\S/), text: line.trim(), number: i + 1 }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
  const [value, end] = block(lines, 0, lines[0]?.indent ?? 0);
  if (end < lines.length) throw wrong(lines[end]!);
  return value;
}

function block(lines: readonly Line[], at: number, indent: number): [Yaml, number] {
  return lines[at]?.text.startsWith('- ') === true ? list(lines, at, indent) : map(lines, at, indent);
}

function list(lines: readonly Line[], begin: number, indent: number): [Yaml, number] {
  const items: Yaml[] = [];
  let at = begin;
  while (lines[at]?.indent === indent && lines[at]!.text.startsWith('- ')) {
    const line = lines[at]!;
    const inside = { ...line, indent: indent + 2, text: line.text.slice(2) };
    if (!isEntry(inside.text)) {
      items.push(scalar(inside));
      at++;
      continue;
    }
    const [item, end] = map(lines.with(at, inside), at, indent + 2);
    items.push(item);
    at = end;
  }
  return [items, at];
}

function map(lines: readonly Line[], begin: number, indent: number): [Yaml, number] {
  const entries: { [key: string]: Yaml } = {};
  let at = begin;
  while (lines[at]?.indent === indent && isEntry(lines[at]!.text)) {
    const line = lines[at]!;
    const [, key = '', rest = ''] = /^([\w-]+):(?: (.*))?$/.exec(line.text) ?? [];
    if (key in entries) throw wrong(line);
    at++;
    if (rest !== '') {
      entries[key] = scalar({ ...line, text: rest });
      continue;
    }
    const next = lines[at];
    if (next === undefined || next.indent <= indent) throw wrong(line);
    [entries[key], at] = block(lines, at, next.indent);
  }
  if (at === begin) throw wrong(lines[at]!);
  return [entries, at];
}

function isEntry(text: string): boolean {
  return /^[\w-]+:( |$)/.test(text);
}

function scalar(line: Line): string | number {
  const { text } = line;
  // What begins so, or has these within, means something else in YAML.
  if (/^[[\]{}&*!|>'"%@`]|: | #/.test(text)) throw wrong(line);
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function wrong({ number, text }: Line): Error {
  return new Error(`line ${number} is not plain YAML: ${text}`);
}
