import { openBackend, type Backend } from '../../electron/backend/backend.ts';
import type {
  ApiError,
  CommandInput,
  CommandName,
  CommandOutput,
  QueryInput,
  QueryName,
  QueryOutput,
  SubscriptionInput,
  SubscriptionMessage,
  SubscriptionName,
} from '../../electron/contract/contract.ts';
import type { ClusterView, StoryEvent } from '../../electron/contract/model.ts';
import { childProcessLauncher, createSupervisor } from '../../engine/supervisor/index.ts';

/** A refusal as it crosses the contract. */
export class Refused extends Error {
  readonly api: ApiError;
  constructor(name: string, api: ApiError) {
    super(`${name}: ${api.code}: ${api.message}`);
    this.api = api;
  }
}

/** The backend on a home of its own, asked as the renderer asks it, with every answer checked. */
export class BackendClient {
  readonly #backend: Backend;

  private constructor(backend: Backend) {
    this.#backend = backend;
  }

  static async open(home: string): Promise<BackendClient> {
    const backend = await openBackend({
      supervisor: await createSupervisor({ home, launcher: childProcessLauncher(), actor: 'app' }),
      home,
      host: 'browser',
      version: '0.0.0',
      checkOutputs: true,
      onError: (error) => console.error(error),
    });
    return new BackendClient(backend);
  }

  async query<N extends QueryName>(name: N, input: QueryInput<N>): Promise<QueryOutput<N>> {
    const result = await this.#backend.router.handle('query', name, input);
    if (!result.ok) throw new Refused(name, result.error);
    return result.output as QueryOutput<N>;
  }

  async command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
    const result = await this.#backend.router.handle('command', name, input);
    if (!result.ok) throw new Refused(name, result.error);
    return result.output as CommandOutput<N>;
  }

  /** How a command is refused; fails when it is not. */
  async refusal<N extends CommandName>(name: N, input: CommandInput<N>): Promise<ApiError> {
    const result = await this.#backend.router.handle('command', name, input);
    if (result.ok) throw new Error(`${name} was not refused`);
    return result.error;
  }

  view(cluster: string): Promise<ClusterView> {
    return this.query('cluster.view', { cluster });
  }

  async sentences(cluster: string): Promise<string[]> {
    const events = await this.query('cluster.events', { cluster, limit: 100 });
    return events.map(sentenceOf);
  }

  /** Returns the way to end it. Its end by the backend is printed. */
  subscribe<N extends SubscriptionName>(
    name: N,
    input: SubscriptionInput<N>,
    listener: (message: SubscriptionMessage<N>) => void,
  ): () => void {
    return this.#backend.router.subscribe(name, input, {
      message: (message) => listener(message as SubscriptionMessage<N>),
      error: (error) => console.error(error),
    });
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}

export function sentenceOf(event: StoryEvent): string {
  return event.parts.map((part) => part.text).join('');
}
