/**
 * JSON as written: numbers and strings keep their source text, objects their order and
 * repeated names. JSON.parse would round 12345678901234567890 and drop a repeated name,
 * and a value must not change because it was looked at, formatted or merged.
 */
export type JsonTree =
  | { readonly kind: 'scalar'; readonly source: string }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] };

/** `source` is the name in quotes as written, `name` what it spells. */
export interface JsonMember {
  readonly source: string;
  readonly name: string;
  readonly value: JsonTree;
}

export interface JsonProblem {
  readonly message: string;
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
}

export type JsonResult = { ok: true; tree: JsonTree } | { ok: false; problem: JsonProblem };

/** Deeper than any value meant for people, and far from the end of the stack. */
const MAX_DEPTH = 500;

const space = /[ \t\n\r]*/y;
const scalar =
  // eslint-disable-next-line no-control-regex -- RFC 8259, section 7
  /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Parses RFC 8259 JSON. */
export function parseJson(text: string): JsonResult {
  try {
    return { ok: true, tree: new Parser(text).document() };
  } catch (error) {
    if (error instanceof ParseStop) return { ok: false, problem: locate(text, error.at, error.message) };
    throw error;
  }
}

class ParseStop extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonTree {
    const tree = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#stop('nothing may follow the value');
    return tree;
  }

  #value(depth: number): JsonTree {
    if (depth > MAX_DEPTH) this.#stop(`more than ${MAX_DEPTH} levels deep`);
    this.#skipSpace();
    const char = this.#text.charAt(this.#at);
    if (char === '{') return this.#object(depth);
    if (char === '[') return this.#array(depth);
    return { kind: 'scalar', source: this.#token('a value') };
  }

  #object(depth: number): JsonTree {
    const members: JsonMember[] = [];
    this.#at += 1;
    if (this.#take('}')) return { kind: 'object', members };
    do {
      this.#skipSpace();
      if (this.#text.charAt(this.#at) !== '"') this.#stop('a name in double quotes is missing');
      const source = this.#token('a name in double quotes');
      if (!this.#take(':')) this.#stop('":" is missing after the name');
      members.push({ source, name: spelled(source), value: this.#value(depth + 1) });
    } while (this.#take(','));
    if (!this.#take('}')) this.#stop('"," or "}" is missing');
    return { kind: 'object', members };
  }

  #array(depth: number): JsonTree {
    const items: JsonTree[] = [];
    this.#at += 1;
    if (this.#take(']')) return { kind: 'array', items };
    do items.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) this.#stop('"," or "]" is missing');
    return { kind: 'array', items };
  }

  #token(wanted: string): string {
    scalar.lastIndex = this.#at;
    const source = scalar.exec(this.#text)?.[0];
    if (source === undefined) {
      this.#stop(this.#text.charAt(this.#at) === '"' ? 'the string does not end well' : `${wanted} is missing`);
    }
    this.#at += source.length;
    return source;
  }

  #take(char: string): boolean {
    this.#skipSpace();
    if (this.#text.charAt(this.#at) !== char) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    space.lastIndex = this.#at;
    space.exec(this.#text);
    this.#at = space.lastIndex;
  }

  #stop(message: string): never {
    throw new ParseStop(message, this.#at);
  }
}

function spelled(source: string): string {
  return JSON.parse(source) as string;
}

function locate(text: string, at: number, message: string): JsonProblem {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { message, line: before.split('\n').length, column: at - lineStart + 1 };
}

/** Indented by two spaces; empty objects and arrays stay on one line. */
export function printJson(tree: JsonTree, indent = ''): string {
  const inner = `${indent}  `;
  switch (tree.kind) {
    case 'scalar':
      return tree.source;
    case 'array': {
      if (tree.items.length === 0) return '[]';
      return `[\n${tree.items.map((item) => inner + printJson(item, inner)).join(',\n')}\n${indent}]`;
    }
    case 'object': {
      if (tree.members.length === 0) return '{}';
      const lines = tree.members.map((member) => `${inner}${member.source}: ${printJson(member.value, inner)}`);
      return `{\n${lines.join(',\n')}\n${indent}}`;
    }
  }
}

/** Equal in content: spacing is gone already, the order of names does not count, the writing of scalars does. */
export function sameJson(a: JsonTree, b: JsonTree): boolean {
  if (a.kind === 'scalar' && b.kind === 'scalar') return a.source === b.source;
  if (a.kind === 'array' && b.kind === 'array') {
    return a.items.length === b.items.length && a.items.every((item, i) => sameItem(item, b.items[i]));
  }
  if (a.kind !== 'object' || b.kind !== 'object' || a.members.length !== b.members.length) return false;
  if (hasRepeatedNames(a) || hasRepeatedNames(b)) return printJson(a) === printJson(b);
  const others = new Map(b.members.map((member) => [member.name, member.value]));
  return a.members.every((member) => {
    const other = others.get(member.name);
    return other !== undefined && sameJson(member.value, other);
  });
}

export function hasRepeatedNames(tree: Extract<JsonTree, { kind: 'object' }>): boolean {
  return new Set(tree.members.map((member) => member.name)).size < tree.members.length;
}

function sameItem(a: JsonTree, b: JsonTree | undefined): boolean {
  return b !== undefined && sameJson(a, b);
}
