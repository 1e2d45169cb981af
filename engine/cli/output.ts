import type { CommandIo } from './context.ts';

export function printLine(io: CommandIo, line: string): void {
  io.stdout.write(`${line}\n`);
}

export function printJson(io: CommandIo, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A remark beside the output: it does not get into pipes. */
export function note(io: CommandIo, line: string): void {
  io.stderr.write(`${line}\n`);
}

/** Columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Bytes as text, or null when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes for a terminal: text as it is, all that could steer the terminal as \xNN. */
export function printable(bytes: Uint8Array): string {
  const text = textOf(bytes);
  const hex = (code: number) => `\\x${code.toString(16).padStart(2, '0')}`;
  if (text === null) {
    return [...bytes].map((b) => (b >= 0x20 && b < 0x7f && b !== 0x5c ? String.fromCharCode(b) : hex(b))).join('');
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\\]/g, (c) => (c === '\\' ? '\\\\' : hex(c.charCodeAt(0))));
}

/** Bytes in JSON: as text where they are text, and always as base64. */
export function jsonBytes(name: string, bytes: Uint8Array): Record<string, string | null> {
  return { [name]: textOf(bytes), [`${name}Base64`]: Buffer.from(bytes).toString('base64') };
}
