import path from 'node:path';
import { z } from 'zod';
import { BackendError } from '../errors.ts';
import { readJson, writeJson } from '../../../engine/supervisor/files.ts';

/** Where passwords and tokens of profiles are kept, by profile id. Nothing else ever holds them on disk. */
export interface SecretStore {
  /** For the user: where, and whether encrypted. */
  describe(): Promise<{ words: string; isEncrypted: boolean }>;
  has(id: string): Promise<boolean>;
  /** Rejects in words when it can no longer be opened. */
  get(id: string): Promise<string | null>;
  set(id: string, secret: string): Promise<void>;
  remove(id: string): Promise<void>;
}

const secretsSchema = z.record(z.string(), z.string());

/**
 * Texts by id in one file that only its owner can read. `seal` and `open` turn a secret into
 * what the file holds and back; without them it is kept as it is, which `describe` then says.
 */
export class FileSecretStore implements SecretStore {
  readonly #file: string;
  readonly #seal: Seal | null;
  /** All disk work, one step after another. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(file: string, seal: Seal | null = null) {
    this.#file = file;
    this.#seal = seal;
  }

  async describe(): Promise<{ words: string; isEncrypted: boolean }> {
    const sealed = await this.#seal?.describe();
    if (sealed?.isEncrypted === true) return sealed;
    const where = `in ${path.basename(this.#file)} in the app’s folder, which only your user can read, not encrypted`;
    return { words: sealed === undefined ? where : `${where} (${sealed.words})`, isEncrypted: false };
  }

  has(id: string): Promise<boolean> {
    return this.#next(async () => Object.hasOwn(await this.#read(), id));
  }

  get(id: string): Promise<string | null> {
    return this.#next(async () => {
      const kept = (await this.#read())[id];
      if (kept === undefined) return null;
      if (this.#seal === null) return kept;
      try {
        return await this.#seal.open(kept);
      } catch {
        throw new BackendError(
          'storage',
          'The saved secret cannot be opened any more: the system’s secret store has another key.',
          'Give the password or token again in the profile.',
        );
      }
    });
  }

  set(id: string, secret: string): Promise<void> {
    return this.#next(async () => {
      const kept = this.#seal === null ? secret : await this.#seal.seal(secret);
      await writeJson(this.#file, { ...(await this.#read()), [id]: kept });
    });
  }

  remove(id: string): Promise<void> {
    return this.#next(async () => {
      const { [id]: gone, ...others } = await this.#read();
      if (gone !== undefined) await writeJson(this.#file, others);
    });
  }

  async #read(): Promise<Record<string, string>> {
    return (await readJson(this.#file, secretsSchema)) ?? {};
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const next = this.#work.then(step);
    this.#work = next.catch(() => undefined);
    return next;
  }
}

/** The system's own encryption, where a host has one. */
export interface Seal {
  describe(): Promise<{ words: string; isEncrypted: boolean }>;
  seal(secret: string): Promise<string>;
  open(sealed: string): Promise<string>;
}
