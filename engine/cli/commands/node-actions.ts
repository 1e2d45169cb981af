import type { Command } from 'commander';
import type { Supervisor } from '../../supervisor/index.ts';
import { nodeIdOf, type CommandContext } from '../context.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { waitForNode } from '../wait.ts';

interface NodeAction {
  readonly name: string;
  readonly description: string;
  readonly done: string;
  /** Whether the node should serve afterwards. */
  readonly starts: boolean;
  readonly run: (supervisor: Supervisor, cluster: string, nodeId: number) => Promise<void>;
}

const SERVE_WAIT_MS = 10_000;

const ACTIONS: readonly NodeAction[] = [
  {
    name: 'kill',
    description: 'Kill a node as a crash would (SIGKILL).',
    done: 'is killed',
    starts: false,
    run: (s, cluster, node) => s.killNode(cluster, node),
  },
  {
    name: 'pause',
    description: 'Freeze a node (SIGSTOP): it keeps its connections and says nothing.',
    done: 'is paused',
    starts: false,
    run: (s, cluster, node) => s.pauseNode(cluster, node),
  },
  {
    name: 'resume',
    description: 'Let a paused node go on.',
    done: 'goes on',
    starts: false,
    run: (s, cluster, node) => s.resumeNode(cluster, node),
  },
  {
    name: 'restart',
    description: 'Stop a node in order and start it again on its data.',
    done: 'is restarted',
    starts: true,
    run: (s, cluster, node) => s.restartNode(cluster, node),
  },
  {
    name: 'start',
    description: 'Start a node of a running cluster again on its data.',
    done: 'is started',
    starts: true,
    run: (s, cluster, node) => s.startNode(cluster, node),
  },
];

export function addNodeActions(program: Command, context: CommandContext): void {
  for (const action of ACTIONS) {
    program
      .command(action.name)
      .description(action.description)
      .argument('<name>', 'name of the cluster')
      .argument('<node>', 'n1 or 1')
      .addOption(jsonOption())
      .action(async (name: string, node: string, options: { readonly json?: boolean }) => {
        const nodeId = nodeIdOf(node);
        const supervisor = await context.supervisor();
        await action.run(supervisor, name, nodeId);
        const serves = action.starts ? await waitForNode(supervisor, name, nodeId, SERVE_WAIT_MS) : true;
        const after = (await supervisor.get(name)).nodes.find((n) => n.nodeId === nodeId);
        if (options.json === true) {
          printJson(context.io, {
            name,
            node: nodeId,
            action: action.name,
            pid: after?.pid ?? null,
            state: after?.state,
          });
        } else {
          printLine(context.io, `n${nodeId} of ${name} ${action.done}${serves ? '' : ', and does not answer yet'}.`);
        }
      });
  }
}
