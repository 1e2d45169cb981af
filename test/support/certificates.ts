import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TlsOptions } from '../../engine/client/index.ts';
import type { TlsConfig } from '../../engine/config/node-config.ts';
import { nodeCertificateName } from '../../engine/net/certificates.ts';
import { issue, makeAuthority, type LeafRequest, type PemPair } from '../../engine/net/make-certificates.ts';

const DAY_MS = 86_400_000;

/** An authority of a test, and what it issues, in files of one directory. */
export class TestAuthority {
  readonly directory: string;
  readonly name: string;
  readonly pair: PemPair;

  private constructor(directory: string, name: string, pair: PemPair) {
    this.directory = directory;
    this.name = name;
    this.pair = pair;
    writeFileSync(this.caFile, pair.cert);
  }

  static async create(directory: string, name = 'ca'): Promise<TestAuthority> {
    return new TestAuthority(directory, name, await makeAuthority(`test ${name}`, 30));
  }

  get caFile(): string {
    return path.join(this.directory, `${this.name}.crt`);
  }

  issue(request: Partial<LeafRequest>): Promise<PemPair> {
    return issue(this.pair, { commonName: 'test', names: [], use: 'client', days: 10, ...request });
  }

  node(clusterId: string, id: number, request: Partial<LeafRequest> = {}): Promise<PemPair> {
    const names = [nodeCertificateName(clusterId, id), 'localhost', '127.0.0.1'];
    return this.issue({ commonName: `n${id}`, use: 'node', names, ...request });
  }

  /** One that ended yesterday. */
  expiredNode(clusterId: string, id: number): Promise<PemPair> {
    return this.node(clusterId, id, { notBefore: new Date(Date.now() - 3 * DAY_MS), days: 2 });
  }

  /** What a client dials with. */
  async client(): Promise<Required<Pick<TlsOptions, 'ca' | 'cert' | 'key'>>> {
    return { ca: this.pair.cert, ...(await this.issue({})) };
  }

  /** Writes a pair; the same name again replaces it. */
  write(name: string, { cert, key }: PemPair): { cert: string; key: string } {
    const files = { cert: path.join(this.directory, `${name}.crt`), key: path.join(this.directory, `${name}.key`) };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    return files;
  }

  /** Mutual TLS on both ports of a node, with its pair written as `n<id>`. */
  async nodeTls(clusterId: string, id: number): Promise<TlsConfig> {
    const files = this.write(`n${id}`, await this.node(clusterId, id));
    return { client: { ...files, clientCa: this.caFile }, raft: { ...files, ca: this.caFile } };
  }
}
