/** A certificate, key or CA cannot be used. The message names the file or the part, and says what to do. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}
