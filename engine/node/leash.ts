import net from 'node:net';
import { NodeStartError } from './errors.ts';

/**
 * Ties this process to its owner: a connection to a socket that the owner listens on.
 * However the owner ends, the system closes the connection, and then the node stops.
 * Rejects when nobody listens. Returns the way to let go.
 */
export function holdLeash(socketPath: string, onOwnerGone: () => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let released = false;
    socket.once('connect', () => {
      socket.on('close', () => {
        if (!released) onOwnerGone();
      });
      resolve(() => {
        released = true;
        socket.destroy();
      });
    });
    socket.on('error', () => {
      reject(new NodeStartError('The process that started this node is gone; start the cluster again.'));
    });
    // The owner says nothing; reading only lets the end of the connection be noticed.
    socket.resume();
  });
}
