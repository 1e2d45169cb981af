import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { CertificateError } from './errors.ts';

export interface CertificatePaths {
  /** PEM: the certificate, and the intermediate ones after it. */
  readonly cert: string;
  readonly key: string;
  /** PEM files of the authorities whose certificates are accepted; none: nobody is asked for one. */
  readonly ca: readonly string[];
}

export interface CertificateRules {
  /** A name that the certificate must carry. */
  readonly name?: string | undefined;
  /** Whether the certificate must itself be of one of the authorities. */
  readonly ownCa: boolean;
}

export interface Certificates {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly leaf: X509Certificate;
}

/** The certificate name of a node: what proves to its peers which node it is. */
export function nodeCertificateName(clusterId: string, nodeId: number): string {
  return `n${nodeId}.${clusterId}.prkdb`;
}

/** Whether a certificate is for exactly this name. */
export function hasName(certificate: X509Certificate, name: string): boolean {
  return certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
}

/** The names in a certificate, for people. */
export function namesOf(certificate: X509Certificate): string {
  const names = (certificate.subjectAltName ?? '').replace(/DNS:|IP Address:/g, '').slice(0, 200);
  return names === '' ? 'no name' : names;
}

/** Reads and checks certificate files. Throws a CertificateError for whatever cannot be used now. */
export function readCertificates(paths: CertificatePaths, rules: CertificateRules): Certificates {
  const cert = read(paths.cert);
  const key = read(paths.key);
  const authorities = paths.ca.map((file) => ({ file, pem: read(file) }));
  const chain = parse(cert, paths.cert);
  const leaf = chain[0]!;
  checkKey(leaf, key, paths);
  checkDates(leaf, paths.cert);
  const trusted = authorities.flatMap(({ file, pem }) => parse(pem, file));
  if (rules.ownCa && !isIssued(leaf, chain, trusted)) {
    throw new CertificateError(
      `${paths.cert} is not of the authority in ${paths.ca.join(', ')}. Have it issued by that one.`,
    );
  }
  if (rules.name !== undefined && !hasName(leaf, rules.name)) {
    throw new CertificateError(
      `${paths.cert} is for ${namesOf(leaf)}, and must be for ${rules.name}. Have one issued with that DNS name.`,
    );
  }
  const ca = authorities.length === 0 ? undefined : Buffer.concat(authorities.flatMap(({ pem }) => [pem, newline]));
  try {
    tls.createSecureContext({ cert, key, ca });
  } catch (error) {
    throw new CertificateError(`${paths.cert} cannot be used for TLS: ${(error as Error).message}`);
  }
  return { cert, key, ca, leaf };
}

const newline = Buffer.from('\n');
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CertificateError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Every certificate of a PEM text; at least one. */
function parse(pem: Buffer, file: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM) ?? [];
  if (blocks.length === 0) throw new CertificateError(`${file} holds no certificate in PEM form.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new CertificateError(`${file} holds a damaged certificate: ${(error as Error).message}`);
  }
}

function checkKey(leaf: X509Certificate, key: Buffer, paths: CertificatePaths): void {
  let fits: boolean;
  try {
    fits = leaf.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new CertificateError(`${paths.key} holds no private key in PEM form: ${(error as Error).message}`);
  }
  if (!fits) throw new CertificateError(`The key in ${paths.key} does not belong to the certificate in ${paths.cert}.`);
}

function checkDates(leaf: X509Certificate, file: string): void {
  const nowMs = Date.now();
  if (Date.parse(leaf.validTo) < nowMs) {
    throw new CertificateError(`The certificate in ${file} has expired (${leaf.validTo}). Renew it.`);
  }
  if (Date.parse(leaf.validFrom) > nowMs) {
    throw new CertificateError(`The certificate in ${file} is valid only from ${leaf.validFrom}. Check the clock.`);
  }
}

/** Whether a certificate that was shown, with its intermediate ones after it, would be accepted now under these authorities. */
export function isAccepted(chain: readonly X509Certificate[], authorities: Buffer): boolean {
  const [leaf] = chain;
  if (leaf === undefined) return false;
  const nowMs = Date.now();
  if (Date.parse(leaf.validTo) < nowMs || Date.parse(leaf.validFrom) > nowMs) return false;
  return isIssued(leaf, chain, parse(authorities, 'the CA'));
}

/** Follows the chain up to an authority that is trusted. */
function isIssued(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): boolean {
  let current = leaf;
  for (let depth = 0; depth <= chain.length; depth++) {
    const by = (issuer: X509Certificate): boolean => current.checkIssued(issuer) && current.verify(issuer.publicKey);
    if (trusted.some(by)) return true;
    const next = chain.find((one) => one !== current && by(one));
    if (next === undefined) return false;
    current = next;
  }
  return false;
}
