/** A key that cannot be copied; the key as text is in the message. */
export class CopyError extends Error {
  readonly key: Buffer;
  constructor(key: Buffer, problem: string, options?: ErrorOptions) {
    super(`${keyText(key)} ${problem}`, options);
    this.name = 'CopyError';
    this.key = key;
  }
}

/** The source no longer remembers changes that were not seen yet, so following cannot go on from there. */
export class ChangesLostError extends Error {
  constructor(title: string, options?: ErrorOptions) {
    super(
      `${title} no longer remembers all changes since this copy began, so some of them would be missed. ` +
        'Begin the copy anew and let it overwrite: what is equal already is only read.',
      options,
    );
    this.name = 'ChangesLostError';
  }
}

/** The copy as a whole cannot be done so; `hint` says what to do. */
export class CopyRefusedError extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'CopyRefusedError';
    this.hint = hint;
  }
}

const MAX_CHARACTERS = 120;

/** A key for a sentence: quoted where it is text, in hexadecimal where it is not. */
export function keyText(key: Buffer): string {
  const text = key.toString('utf8');
  // eslint-disable-next-line no-control-regex -- those are what is looked for
  const isText = !/[\u0000-\u001f\u007f\ufffd]/.test(text);
  const shown = isText ? text : key.toString('hex');
  const cut = shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}…` : shown;
  return isText ? JSON.stringify(cut) : `0x${cut}`;
}
