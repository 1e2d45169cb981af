import type { CommandInput, CommandName } from '../../../electron/contract/contract.ts';
import type { ClusterSummary, ClusterView, NodeView } from '../../../electron/contract/model.ts';
import type { CommandWords } from '../../api/use-command.ts';
import type { DialogName } from '../../app/dialogs.tsx';
import type { Density } from '../../app/settings.ts';
import type { ThemeChoice } from '../../app/theme.ts';
import type { IconName } from '../../ui/icon.tsx';
import type { FaultPreset } from '../faults/use-fault-lab.ts';
import type { NodeAction } from '../overview/node-action-rules.ts';
import type { RolesAfter } from './roles-after.ts';

/** In the order they are listed while nothing is typed. */
export const actionGroups = ['Repairs', 'Go to', 'Faults', 'Cluster', 'Keys', 'Application'] as const;
export type ActionGroup = (typeof actionGroups)[number];

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Drawn before the value, each with a leader's shape in its term's colour. */
  readonly led?: readonly { readonly name: string; readonly term: number }[];
}

/** What an action does, in words, before it is done. */
export interface Preview {
  readonly title: string;
  /** The title is a key, written as keys are. */
  readonly isKey?: boolean;
  readonly text: string;
  readonly facts?: readonly Fact[];
  readonly after?: RolesAfter;
}

/** What actions may do. The palette has closed and the focus is back when one of these is called. */
export interface Desk {
  navigate(path: string): void;
  openDialog(dialog: DialogName, preset?: Readonly<Record<string, string>>): void;
  /** Asks first; what it is about happens in the dialog. */
  ask(question: 'stop' | 'rename' | 'remove', cluster: ClusterSummary): void;
  node(action: NodeAction, node: NodeView): void;
  faultLab(preset: FaultPreset): void;
  addNode(cluster: string): void;
  /** Asks first. */
  removeNode(node: NodeView): void;
  /** Asks first. */
  wipeNode(node: NodeView): void;
  command<N extends CommandName>(name: N, input: CommandInput<N>, words: CommandWords): void;
  copy(text: string, done: string): void;
  setTheme(choice: ThemeChoice): void;
  setDensity(density: Density): void;
  toggleSidebar(): void;
}

export interface PaletteAction {
  /** The same action has the same id at any time, so that it can be remembered. */
  readonly id: string;
  readonly group: ActionGroup;
  readonly icon: IconName;
  readonly label: string;
  /** Beside the label, dimmed. */
  readonly hint: string;
  /** Found by these words too; never shown. */
  readonly keywords: string;
  /** What does the same from the keyboard. */
  readonly keys?: readonly string[];
  /** Found by "#" and the number. */
  readonly partition?: number;
  /** There are many of its kind: listed only when something is typed. */
  readonly onlySearched?: boolean;
  preview(): Preview;
  run(desk: Desk): void;
}

/** What is there to act on. */
export interface Scene {
  readonly clusters: readonly ClusterSummary[];
  /** The cluster in sight; null elsewhere, and before its first word. */
  readonly view: ClusterView | null;
  readonly screens: readonly { readonly path: string; readonly label: string; readonly key: string }[];
  readonly theme: ThemeChoice;
  readonly density: Density;
  readonly nowMs: number;
  /** How long partitions were without a leader while they elected one, as seen lately. */
  readonly elections: Elections | null;
}

export interface Elections {
  readonly medianMs: number;
  readonly count: number;
}
