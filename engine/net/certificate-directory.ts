import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { nodeCertificateName } from './certificates.ts';
import { CertificateError } from './errors.ts';
import type { PemPair } from './make-certificates.ts';

/** Dates so far away that a development cluster seldom meets them. */
const AUTHORITY_DAYS = 3650;
export const LEAF_DAYS = 825;
const DAY_MS = 86_400_000;

/** Names and addresses of a node that is reached on its own machine. */
export const LOCAL_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

export interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * A directory with the certificates of one development cluster: `ca`, `n1`, `n2` ..., and
 * clients by name, each as `.crt` and `.key`. Methods reject with CertificateError.
 */
export class CertificateDirectory {
  readonly path: string;

  constructor(directory: string) {
    this.path = directory;
  }

  files(name: string): PairFiles {
    return { cert: path.join(this.path, `${name}.crt`), key: path.join(this.path, `${name}.key`) };
  }

  nodeFiles(nodeId: number): PairFiles {
    return this.files(`n${nodeId}`);
  }

  get caFile(): string {
    return this.files('ca').cert;
  }

  /** Whether there is an authority. */
  async hasAuthority(): Promise<boolean> {
    return (await this.#read('ca')) !== null;
  }

  /** The authority in the directory; one is made where there is none. */
  async authority(commonName: string): Promise<PemPair> {
    const existing = await this.#read('ca');
    if (existing !== null) return existing;
    const { makeAuthority } = await import('./make-certificates.ts');
    const made = await makeAuthority(commonName, AUTHORITY_DAYS);
    await this.#write('ca', made, false);
    return made;
  }

  /** Issues for a node. `replace`: over what is there; else that is refused. */
  async issueNode(
    authority: PemPair,
    clusterId: string,
    nodeId: number,
    options: { readonly hosts: readonly string[]; readonly days: number; readonly replace: boolean },
  ): Promise<PairFiles> {
    const { issue } = await import('./make-certificates.ts');
    const { hosts, days, replace } = options;
    const names = [...new Set([nodeCertificateName(clusterId, nodeId), ...hosts])];
    const pair = await issue(authority, { commonName: `PrkDB node n${nodeId}`, names, use: 'node', days });
    return this.#write(`n${nodeId}`, pair, replace);
  }

  async issueClient(
    authority: PemPair,
    name: string,
    options: { readonly days: number; readonly replace: boolean },
  ): Promise<PairFiles> {
    const { issue } = await import('./make-certificates.ts');
    const { days, replace } = options;
    const pair = await issue(authority, { commonName: `PrkDB client ${name}`, names: [], use: 'client', days });
    return this.#write(name, pair, replace);
  }

  /** Rejects when a file of this name is there. */
  async refuseExisting(name: string): Promise<void> {
    for (const file of Object.values(this.files(name)) as string[]) {
      if ((await readIfThere(file)) !== null) throw exists(file);
    }
  }

  /** Whether a pair is there and stays good for so many days. */
  async isGoodFor(name: string, days: number): Promise<boolean> {
    const pair = await this.#read(name);
    if (pair === null) return false;
    try {
      return Date.parse(new X509Certificate(pair.cert).validTo) > Date.now() + days * DAY_MS;
    } catch {
      return false;
    }
  }

  /** What a client with this name dials with. Throws a CertificateError when a file cannot be read. */
  clientTls(name: string): { readonly ca: string; readonly cert: string; readonly key: string } {
    const { cert, key } = this.files(name);
    return { ca: readText(this.caFile), cert: readText(cert), key: readText(key) };
  }

  async #read(name: string): Promise<PemPair | null> {
    const { cert, key } = this.files(name);
    const [certText, keyText] = await Promise.all([readIfThere(cert), readIfThere(key)]);
    if (certText === null && keyText === null) return null;
    if (certText === null || keyText === null) {
      const [there, missing] = certText === null ? [key, cert] : [cert, key];
      throw new CertificateError(`${there} is there and ${missing} is not. Bring it back, or move the other away.`);
    }
    return { cert: certText, key: keyText };
  }

  async #write(name: string, pair: PemPair, replace: boolean): Promise<PairFiles> {
    const files = this.files(name);
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      // The key first: a certificate without its key would be of no use.
      await writeNew(files.key, pair.key, 0o600, replace);
      await writeNew(files.cert, pair.cert, 0o644, replace);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        throw exists((error as NodeJS.ErrnoException).path ?? files.cert);
      }
      throw new CertificateError(`${files.cert} cannot be written: ${(error as Error).message}`);
    }
    return files;
  }
}

function exists(file: string): CertificateError {
  return new CertificateError(`${file} is already there, and is not overwritten. Move it away first.`);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CertificateError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Readers see all of it or nothing; without `replace` a file that is there stays as it is. */
async function writeNew(file: string, text: string, mode: number, replace: boolean): Promise<void> {
  if (!replace) {
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return;
  }
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeNew(temporary, text, mode, false);
  await chmod(temporary, mode);
  await rename(temporary, file);
}
