/** Why a node could not start, in a sentence that says what to do. Shown without a stack trace. */
export class NodeStartError extends Error {
  override readonly name = 'NodeStartError';
}

/** Of a process whose node is no member of its cluster any more. */
export const EXPELLED_EXIT_CODE = 3;

/** The node stopped because the cluster does not have it as a member, or not as it is. */
export class ExpelledError extends Error {
  override readonly name = 'ExpelledError';
}

/** Turns what a bind failed with into a sentence. */
export function bindError(what: string, host: string, port: number, error: unknown): NodeStartError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE' || text.includes('EADDRINUSE')) {
    return new NodeStartError(
      `The ${what} port ${port} on ${host} is in use. Stop the program that uses it, or give the cluster other ports (--base-port).`,
    );
  }
  if (code === 'EACCES' || text.includes('EACCES')) {
    return new NodeStartError(
      `The ${what} port ${port} on ${host} may not be opened by this user. Use a port from 1024 on.`,
    );
  }
  if (code === 'EADDRNOTAVAIL' || text.includes('EADDRNOTAVAIL')) {
    return new NodeStartError(
      `${host} is not an address of this machine. Set bindHost to one that is, such as 127.0.0.1.`,
    );
  }
  return new NodeStartError(`The ${what} port ${port} on ${host} cannot be opened: ${text}`);
}
