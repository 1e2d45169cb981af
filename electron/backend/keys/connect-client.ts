import { PrkDbClient, type ConnectionOptions } from '../../../engine/client/index.ts';
import { BackendError } from '../errors.ts';

const CONNECT_TIMEOUT_MS = 4_000;

/** How a client of a cluster comes to be; tests give their own. */
export type ConnectClient = (
  endpoints: readonly string[],
  cluster: { readonly clusterId: string; readonly name: string },
  connection?: ConnectionOptions,
) => Promise<PrkDbClient>;

/** Connects, and makes sure that it is this cluster that answers: a port may have passed to another. */
export const connectClient: ConnectClient = async (endpoints, cluster, connection) => {
  const client = await PrkDbClient.connect(endpoints, { ...connection, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  try {
    const { clusterId, clusterName } = await client.metadata();
    if (clusterId === cluster.clusterId) return client;
    throw new BackendError(
      'refused',
      `Another cluster, ${JSON.stringify(clusterName)}, answers on the ports of ${cluster.name}.`,
      'Stop that one, or create this cluster anew with another base port.',
    );
  } catch (error) {
    client.close();
    throw error;
  }
};
