import type { NodeView } from '../../../electron/contract/model.ts';
import type { IconName } from '../../ui/icon.tsx';

export type NodeAction = 'kill' | 'pause' | 'resume' | 'restart' | 'start' | 'isolate' | 'heal';

export const actionLooks: Readonly<Record<NodeAction, { readonly label: string; readonly icon: IconName }>> = {
  kill: { label: 'Kill', icon: 'kill' },
  pause: { label: 'Pause', icon: 'pause' },
  resume: { label: 'Resume', icon: 'play' },
  restart: { label: 'Restart', icon: 'restart' },
  start: { label: 'Start', icon: 'play' },
  isolate: { label: 'Isolate', icon: 'isolate' },
  heal: { label: 'Heal', icon: 'heal' },
};

/** What can be done to a node as it is, the way back first. */
export function actionsFor(state: NodeView['state']): readonly NodeAction[] {
  switch (state) {
    case 'live':
    case 'suspect':
      return ['kill', 'pause', 'restart', 'isolate'];
    case 'paused':
      return ['resume', 'kill', 'restart'];
    case 'partitioned':
      return ['heal', 'kill', 'pause', 'restart'];
    case 'dead':
    case 'stopped':
      return ['start'];
  }
}

/** Whether an action undoes a fault: it is drawn as the one to press. */
export function isWayBack(action: NodeAction): boolean {
  return action === 'resume' || action === 'start' || action === 'heal';
}

/** What a key does to a node in this state: X kills, P pauses or resumes, R restarts or starts, I isolates or heals. */
export function actionForKey(key: 'x' | 'p' | 'r' | 'i', state: NodeView['state']): NodeAction | null {
  const candidates: Readonly<Record<typeof key, readonly NodeAction[]>> = {
    x: ['kill'],
    p: ['resume', 'pause'],
    r: ['start', 'restart'],
    i: ['heal', 'isolate'],
  };
  const possible = actionsFor(state);
  return candidates[key].find((action) => possible.includes(action)) ?? null;
}
