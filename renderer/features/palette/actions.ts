import { modKeyLabel } from '../../ui/mod-key.ts';
import type { PaletteAction, Scene } from './action.ts';
import { appEntries } from './app-entries.ts';
import { mayMoveLeaders, mayRun } from '../clusters/may-run.ts';
import { addressEntries, lifeEntries, loadEntries, memberEntries } from './cluster-entries.ts';
import { clusterEntries, nodeScreenEntries, partitionEntries, screenEntries } from './goto-entries.ts';
import { drillEntries } from './drill-entries.ts';
import { faultLabEntries, healEntries } from './fault-entries.ts';
import { leaderEntries, nodeEntries, transferEntries } from './node-entries.ts';

/** Every action that exists and applies now. Faults and load only where acting is allowed. */
export function paletteActions(scene: Scene): readonly PaletteAction[] {
  const { view } = scene;
  const switches = clusterEntries(scene, (place) => [modKeyLabel(String(place + 1))]);
  if (view === null) return [...switches, ...lifeEntries(scene), ...appEntries(scene)];
  const acts = mayRun(view.summary) && view.summary.state !== 'stopped';
  return [
    ...(acts
      ? [
          ...healEntries(view),
          ...nodeEntries(view, scene),
          ...leaderEntries(view, scene),
          ...faultLabEntries(view),
          ...drillEntries(view),
        ]
      : []),
    ...screenEntries(view, scene),
    ...switches,
    ...partitionEntries(view, scene),
    ...nodeScreenEntries(view),
    ...(acts || (view.summary.remote !== null && mayMoveLeaders(view.summary)) ? transferEntries(view) : []),
    ...(acts ? [...loadEntries(view), ...memberEntries(view)] : []),
    ...lifeEntries(scene),
    ...addressEntries(view),
    ...appEntries(scene),
  ];
}
