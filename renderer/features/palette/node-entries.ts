import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';
import { faultMeans } from '../overview/fault-words.ts';
import { lossOf, lossSentence, nodesLeftWords, returnSentence } from '../overview/loss.ts';
import { actionLooks, actionsFor, isWayBack, type NodeAction } from '../overview/node-action-rules.ts';
import { transferTargets, transferWords } from '../overview/transfer.ts';
import type { Fact, PaletteAction, Preview, Scene } from './action.ts';
import { gapFact, gapWords } from './elections.ts';
import { rolesAfter } from './roles-after.ts';

const hints: Readonly<Record<NodeAction, string>> = {
  kill: 'end the process at once',
  pause: 'freeze the process',
  resume: 'let it go on',
  restart: 'stop in order, then start',
  start: 'on the data it has',
  isolate: 'cut every link to it',
  heal: 'restore every link',
};

const keywords: Readonly<Record<NodeAction, string>> = {
  kill: 'crash fail sigkill end process node',
  pause: 'freeze hang suspend sigstop node',
  resume: 'unfreeze continue sigcont undo node',
  restart: 'reboot stop start node',
  start: 'run launch undo bring back node',
  isolate: 'partition cut disconnect network links node',
  heal: 'undo join reconnect network partition links node',
};

const keyOf: Readonly<Record<NodeAction, string>> = {
  kill: 'X',
  pause: 'P',
  resume: 'P',
  restart: 'R',
  start: 'R',
  isolate: 'I',
  heal: 'I',
};

const undoes: Partial<Record<NodeAction, string>> = { kill: 'Start', pause: 'Resume', isolate: 'Heal' };

/** Kill, pause, restart, isolate and their ways back, for each node as it is now. */
export function nodeEntries(view: ClusterView, scene: Scene): PaletteAction[] {
  return view.nodes.flatMap((node, i) =>
    actionsFor(node.state)
      // Healing ends every fault of the cluster, so it is offered once, for the cluster.
      .filter((action) => action !== 'heal')
      .map((action): PaletteAction => {
        const label = `${actionLooks[action].label} ${node.name}`;
        return {
          id: `${view.summary.name}/${action}/${node.id}`,
          group: isWayBack(action) ? 'Repairs' : 'Faults',
          icon: actionLooks[action].icon,
          label,
          hint: hints[action],
          keywords: keywords[action],
          ...(i < 9 ? { keys: [String(i + 1), keyOf[action]] } : {}),
          preview: () => ({ title: label, ...nodePreview(action, node, view, scene) }),
          run: (desk) => desk.node(action, node),
        };
      }),
  );
}

/** "Kill leader of p3", for every partition that has one which can be killed. */
export function leaderEntries(view: ClusterView, scene: Scene): PaletteAction[] {
  return view.partitions.flatMap((partition): PaletteAction[] => {
    const node = view.nodes.find((one) => one.id === partition.leader);
    if (node === undefined || !actionsFor(node.state).includes('kill')) return [];
    const label = `Kill leader of p${partition.partition}`;
    return [
      {
        id: `${view.summary.name}/kill-leader/${partition.partition}`,
        group: 'Faults',
        icon: 'kill',
        label,
        hint: `now ${node.name}`,
        keywords: `${keywords.kill} partition ${node.name}`,
        partition: partition.partition,
        onlySearched: true,
        preview: () => ({ title: label, ...nodePreview('kill', node, view, scene, partition.partition) }),
        run: (desk) => desk.node('kill', node),
      },
    ];
  });
}

/** "Move leader of p3 to n2", for every replica that could take over. */
export function transferEntries(view: ClusterView): PaletteAction[] {
  return view.partitions.flatMap(({ partition, leader, term }) =>
    transferTargets(view, partition).map((node): PaletteAction => {
      const label = `Move leader of p${partition} to ${node.name}`;
      return {
        id: `${view.summary.name}/transfer/${partition}/${node.id}`,
        group: 'Cluster',
        icon: 'swap',
        label,
        hint: `now n${leader}`,
        keywords: 'transfer leadership hand over balance raft',
        partition,
        onlySearched: true,
        preview: () => ({
          title: label,
          text: `Makes n${leader} stop taking writes for p${partition}, bring ${node.name} up to date and ask it to stand at once. Clients wait for a moment; no write is lost.`,
          facts: [
            { label: 'Leader now', value: '', led: [{ name: `n${leader}`, term }] },
            { label: 'Undo', value: `Move leader of p${partition} to n${leader}` },
          ],
        }),
        run: (desk) =>
          desk.command(
            'partition.transfer',
            { cluster: view.summary.name, partition, to: node.id },
            { failed: transferWords(partition, node.name).failed },
          ),
      };
    }),
  );
}

/** `named` is a partition that the title names: what else the node leads is what is left to say. */
function nodePreview(
  action: NodeAction,
  node: NodeView,
  view: ClusterView,
  scene: Scene,
  named?: number,
): Pick<Preview, 'text' | 'facts' | 'after'> {
  if (isWayBack(action)) return { text: wayBackText(action, node, view) };
  const loss = lossOf(view, node);
  const leads = loss.leads.filter((one) => one.partition !== named);
  const elections = scene.elections;
  const undo = undoes[action];
  const facts: Fact[] = [
    {
      label: named === undefined ? 'Leads' : 'Also leads',
      value: leads.length > 0 ? '' : named === undefined ? 'nothing' : 'nothing else',
      led: leads.map((one) => ({ name: `p${one.partition}`, term: one.term })),
    },
    { label: action === 'restart' ? 'Meanwhile' : 'Nodes left', value: nodesLeftWords(view, loss) },
    ...(loss.elects.length > 0 ? [{ label: 'Without leader', value: gapFact(elections) }] : []),
    { label: 'Writes at risk', value: 'none acknowledged' },
    ...(undo === undefined
      ? []
      : [{ label: 'Undo', value: action === 'isolate' ? 'Heal all' : `${undo} ${node.name}` }]),
  ];
  return {
    text: `${faultMeans(action, node)} ${lossSentence(view, node, loss, gapWords(elections))}`,
    facts,
    ...(action === 'restart' ? {} : { after: rolesAfter(view, node, loss) }),
  };
}

function wayBackText(action: NodeAction, node: NodeView, view: ClusterView): string {
  const what =
    action === 'resume' ? `Lets ${node.name} go on where it was frozen.` : `Starts ${node.name} on the data it has.`;
  return `${what} ${returnSentence(view, node)}`;
}
