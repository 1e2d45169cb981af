import { PrkDbClient } from '../../client/index.ts';
import { connectionTarget, type CommandContext, type TargetOptions } from '../context.ts';

export interface DataOptions extends TargetOptions {
  readonly timeout: number;
  readonly json?: boolean;
}

/** Connects, lets `use` work, and closes whatever happens. */
export async function withClient<T>(
  context: CommandContext,
  options: DataOptions,
  use: (client: PrkDbClient) => Promise<T>,
): Promise<T> {
  const { endpoints, connection } = await connectionTarget(context, options);
  const client = await PrkDbClient.connect(endpoints, {
    ...connection,
    connectTimeoutMs: options.timeout,
    timeoutMs: options.timeout,
  });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
