import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** What a certificate and its key are in files. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

export interface LeafRequest {
  /** For people; what is checked are the names. */
  readonly commonName: string;
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly use: 'node' | 'client';
  readonly days: number;
  /** Default: a minute ago, for clocks that differ. */
  readonly notBefore?: Date;
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CLOCK_SKEW_MS = 60_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ADDRESS = /^[0-9.]+$|:/;

/** Makes a certificate authority of its own (EC P-256). */
export async function makeAuthority(commonName: string, days: number): Promise<PemPair> {
  const keys = await newKeys();
  const notBefore = new Date(Date.now() - CLOCK_SKEW_MS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(commonName),
    notBefore,
    notAfter: new Date(notBefore.getTime() + days * DAY_MS),
    keys,
    signingAlgorithm: CURVE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** Has an authority issue a certificate, with a new key. */
export async function issue(authority: PemPair, request: LeafRequest): Promise<PemPair> {
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = await crypto.subtle.importKey('pkcs8', derOf(authority.key), CURVE, false, ['sign']);
  const keys = await newKeys();
  const notBefore = request.notBefore ?? new Date(Date.now() - CLOCK_SKEW_MS);
  const names = request.names.map((value) => ({ type: ADDRESS.test(value) ? 'ip' : 'dns', value }) as const);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(request.commonName),
    issuer: issuer.subjectName,
    notBefore,
    notAfter: new Date(notBefore.getTime() + request.days * DAY_MS),
    signingKey,
    publicKey: keys.publicKey,
    signingAlgorithm: CURVE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // Nodes call each other: theirs is for both ends.
      new x509.ExtendedKeyUsageExtension(request.use === 'node' ? [SERVER_AUTH, CLIENT_AUTH] : [CLIENT_AUTH]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(certificate), key: await keyPem(keys.privateKey) };
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
}

function nameOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }];
}

/** Positive, whatever its bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trim();
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

function derOf(key: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}
