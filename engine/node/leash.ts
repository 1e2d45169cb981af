import net from 'node:net';
import { LET_GO } from '../config/leash.ts';
import { NodeStartError } from './errors.ts';

/**
 * Ties this process to its owner: a connection to a socket that the owner listens on.
 * However the owner ends, the system closes the connection, and then the node stops, unless
 * the owner has said before that it lets go. Rejects when nobody listens. Returns the way to let go.
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
    // Whatever else were said, reading lets the end of the connection be noticed.
    let heard = '';
    socket.on('data', (chunk) => {
      heard = (heard + chunk.toString('latin1')).slice(-LET_GO.length);
      if (heard === LET_GO) released = true;
    });
  });
}
