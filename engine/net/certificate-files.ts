import { stat } from 'node:fs/promises';
import { readCertificates, type CertificatePaths, type CertificateRules, type Certificates } from './certificates.ts';

const POLL_MS = 1000;

export interface CertificateFilesOptions {
  readonly paths: CertificatePaths;
  readonly rules: CertificateRules;
  /** Told of every reload, and of files that cannot be used. */
  readonly onReload: (problem: string | null) => void;
}

/**
 * Certificates on disk, read again when the files change. New ones that cannot be used are
 * not taken: the old ones stay in force, and that is told.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #listeners = new Set<(certificates: Certificates) => void>();
  readonly #timer: NodeJS.Timeout;
  #current: Certificates;
  #stamp: string | undefined;
  /** The state of the files that was told to be unusable; a second look comes before the telling. */
  #doubted: string | undefined;
  #checking = false;

  /** Throws a CertificateError when the files cannot be used now. */
  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    this.#current = readCertificates(options.paths, options.rules);
    this.#timer = setInterval(() => void this.#check(), POLL_MS);
    this.#timer.unref();
    void this.#check();
  }

  get current(): Certificates {
    return this.#current;
  }

  /** Called with every new set. Returns the way to stop it. */
  onChange(listener: (certificates: Certificates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when other authorities are trusted than before. Returns the way to stop it. */
  onAuthorityChange(listener: () => void): () => void {
    let before = this.#current.ca;
    return this.onChange(({ ca }) => {
      const isSame = (before ?? empty).equals(ca ?? empty);
      before = ca;
      if (!isSame) listener();
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      const stamp = await this.#stampOfFiles();
      if (stamp !== this.#stamp) this.#load(stamp);
    } finally {
      this.#checking = false;
    }
  }

  #load(stamp: string): void {
    const { paths, rules, onReload } = this.#options;
    let read: Certificates;
    try {
      read = readCertificates(paths, rules);
    } catch (error) {
      // A certificate and its key are two files: between two writes they do not fit each other.
      if (this.#doubted === stamp) {
        this.#stamp = stamp;
        onReload(error instanceof Error ? error.message : String(error));
      }
      this.#doubted = stamp;
      return;
    }
    this.#stamp = stamp;
    this.#doubted = undefined;
    if (isSame(read, this.#current)) return;
    this.#current = read;
    for (const listener of this.#listeners) listener(read);
    onReload(null);
  }

  async #stampOfFiles(): Promise<string> {
    const { cert, key, ca } = this.#options.paths;
    const stamps = [cert, key, ...ca].map(async (file) => {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        return `${mtimeMs}/${size}/${ino}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unreadable';
      }
    });
    return (await Promise.all(stamps)).join(' ');
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && (a.ca ?? empty).equals(b.ca ?? empty);
}

const empty = Buffer.alloc(0);
