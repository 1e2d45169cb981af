import {
  readRecord,
  readTime,
  spell,
  unspell,
  writeTime,
  type Encoding,
  type KeyRecord,
  type ReadRecord,
  type RecordReader,
} from './record.ts';

const columns = ['key', 'value', 'key_encoding', 'value_encoding', 'expires_at'] as const;
type Column = (typeof columns)[number];

export const csvHeader = `${columns.join(',')}\r\n`;

/** One line as RFC 4180 has it; each field says whether it is UTF-8 or base64. */
export function csvLine(record: KeyRecord): string {
  const [key, value] = [spell(record.key), spell(record.value)];
  const expires = record.expiresAtMs === null ? '' : writeTime(record.expiresAtMs);
  return `${[key.text, value.text, key.encoding, value.encoding, expires].map(quoted).join(',')}\r\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Comma-separated values with a header that names at least key and value. Quoted fields may
 * hold anything, line ends too, and keep it byte for byte.
 */
export class CsvReader implements RecordReader {
  #fields: string[] = [];
  #field = '';
  #state: 'start' | 'plain' | 'quoted' | 'quote' = 'start';
  #line = 1;
  #rowLine = 1;
  #header: Map<Column, number> | null = null;
  #failed = false;

  push(text: string): ReadRecord[] {
    const read: ReadRecord[] = [];
    for (const char of text) {
      if (this.#failed) break;
      if (char === '\n') this.#line += 1;
      read.push(...this.#take(char));
    }
    return read;
  }

  end(): ReadRecord[] {
    if (this.#failed) return [];
    if (this.#state === 'quoted') return this.#fail('The quote that begins here never ends.');
    if (this.#fields.length > 0 || this.#field !== '' || this.#state === 'quote') return this.#endRow();
    return this.#header === null ? this.#fail('The file is empty. Its first line names the columns.') : [];
  }

  #take(char: string): ReadRecord[] {
    if (this.#state === 'quoted') {
      if (char === '"') this.#state = 'quote';
      else this.#field += char;
      return [];
    }
    if (this.#state === 'quote') {
      if (char === '"') {
        this.#field += char;
        this.#state = 'quoted';
        return [];
      }
      if (char !== ',' && char !== '\n' && char !== '\r') return this.#fail('Text follows a closing quote.');
    }
    if (char === '"' && this.#state === 'start') {
      this.#state = 'quoted';
    } else if (char === ',') {
      this.#endField();
    } else if (char === '\n') {
      return this.#endRow();
      // A carriage return outside of quotes belongs to the line end after it.
    } else if (char !== '\r') {
      this.#field += char;
      this.#state = 'plain';
    }
    return [];
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  #endRow(): ReadRecord[] {
    const isBlank = this.#fields.length === 0 && this.#field === '' && this.#state === 'start';
    this.#endField();
    const [row, line] = [this.#fields, this.#rowLine];
    this.#fields = [];
    this.#rowLine = this.#line;
    if (isBlank) return [];
    return this.#header === null ? this.#readHeader(row, line) : [this.#readRow(row, line, this.#header)];
  }

  #readHeader(row: readonly string[], line: number): ReadRecord[] {
    const names = row.map((name) => name.trim().toLowerCase());
    const header = new Map(
      columns.flatMap((column) => (names.includes(column) ? [[column, names.indexOf(column)]] : [])),
    );
    this.#header = header;
    if (header.has('key') && header.has('value')) return [];
    return this.#fail(
      'The first line must name the columns: key and value, and key_encoding, value_encoding, expires_at if needed.',
      line,
    );
  }

  #readRow(row: readonly string[], line: number, header: ReadonlyMap<Column, number>): ReadRecord {
    const field = (column: Column) => row[header.get(column) ?? -1];
    const [key, value] = [field('key'), field('value')];
    if (key === undefined || value === undefined) {
      return { ok: false, line, message: `This line has ${row.length} of ${header.size} fields.` };
    }
    const [keyEncoding, valueEncoding] = [encodingOf(field('key_encoding')), encodingOf(field('value_encoding'))];
    if (keyEncoding === null || valueEncoding === null) {
      return { ok: false, line, message: 'An encoding is utf8 or base64.' };
    }
    const expiresAtMs = readTime(field('expires_at') ?? '');
    return readRecord(line, unspell(key, keyEncoding), unspell(value, valueEncoding), expiresAtMs);
  }

  #fail(message: string, line = this.#rowLine): ReadRecord[] {
    this.#failed = true;
    return [{ ok: false, line, message: `${message} Nothing after this line was read.` }];
  }
}

function encodingOf(text: string | undefined): Encoding | null {
  const name = text?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'utf8' || name === 'utf-8') return 'utf8';
  return name === 'base64' ? 'base64' : null;
}
