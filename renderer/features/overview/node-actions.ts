import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useLiveIfAny } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { ask } from '../../app/ask-store.ts';
import { withDialog } from '../../app/paths.ts';
import { settingsStore } from '../../app/settings.ts';
import type { NodeView } from '../../../electron/contract/model.ts';
import { useFaultLab, type FaultPreset } from '../faults/use-fault-lab.ts';
import { faultQuestion } from './fault-words.ts';
import { actionLooks, type NodeAction } from './node-action-rules.ts';

const pasts: Readonly<Record<NodeAction, string>> = {
  kill: 'killed',
  pause: 'paused',
  resume: 'resumed',
  restart: 'restarted',
  start: 'started',
  isolate: 'isolated',
  heal: 'healed',
};

const undoes: Partial<Record<NodeAction, NodeAction>> = { kill: 'start', pause: 'resume', isolate: 'heal' };

export interface NodeActions {
  readonly run: (action: NodeAction, node: NodeView) => void;
  /** Gives all that the node leads to others. */
  readonly handOver: (node: { readonly id: number; readonly name: string }) => void;
  /** Opens the fault lab. */
  readonly openLab: (preset: FaultPreset) => void;
  /** Asks, then takes the node out of the cluster. */
  readonly remove: (node: { readonly id: number }) => void;
  /** Asks, then lets an empty node take its place. */
  readonly wipe: (node: { readonly id: number }) => void;
  readonly isBusy: (action: NodeAction, node: NodeView) => boolean;
}

/** Acts on nodes of one cluster. Each fault names its undo, and asks first if the settings say so. */
export function useNodeActions(cluster: string): NodeActions {
  const { run: command, isBusy } = useCommand();
  const live = useLiveIfAny();
  const openLab = useFaultLab();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const about = useCallback(
    (dialog: 'remove-node' | 'wipe-node', id: number) =>
      navigate(withDialog(path, search, dialog, { from: String(id) }), { replace: true }),
    [navigate, path, search],
  );
  const now = useCallback(
    function act(action: NodeAction, node: NodeView): void {
      const undo = undoes[action];
      const words = {
        failed: `${node.name} could not be ${pasts[action]}`,
        ...(undo === undefined
          ? {}
          : {
              done: {
                title: `${node.name} ${pasts[action]}`,
                action: { label: `${actionLooks[undo].label} ${node.name}`, run: () => act(undo, node) },
              },
            }),
      };
      if (action === 'heal') void command('cluster.heal', { cluster }, words);
      else void command(`node.${action}`, { cluster, node: node.id }, words);
    },
    [command, cluster],
  );
  const run = useCallback(
    (action: NodeAction, node: NodeView): void => {
      const view = live?.store.getState().view ?? null;
      const question =
        view === null ? null : faultQuestion(settingsStore.getState().askBeforeFaults, action, node, view);
      if (question === null) return now(action, node);
      const label = `${actionLooks[action].label} ${node.name}`;
      ask({ title: `${label}?`, text: question, action: label, run: () => now(action, node) });
    },
    [live, now],
  );
  return useMemo(
    () => ({
      run,
      openLab,
      remove: ({ id }) => about('remove-node', id),
      wipe: ({ id }) => about('wipe-node', id),
      handOver: (node) =>
        void command(
          'node.handOver',
          { cluster, node: node.id },
          {
            failed: `${node.name} could not hand over what it leads`,
            done: { title: `${node.name} handed over what it led` },
          },
        ),
      isBusy: (action, node) =>
        action === 'heal' ? isBusy('cluster.heal', { cluster }) : isBusy(`node.${action}`, { cluster, node: node.id }),
    }),
    [run, openLab, about, command, isBusy, cluster],
  );
}
