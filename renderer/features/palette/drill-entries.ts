import type { ClusterView } from '../../../electron/contract/model.ts';
import { drillsPath } from '../drills/drill-route.ts';
import { scenarios, whyNoDrill } from '../drills/drill-words.ts';
import type { PaletteAction } from './action.ts';

/** Each drill with the usual load, where one can begin. */
export function drillEntries(view: ClusterView): PaletteAction[] {
  const { summary } = view;
  if (whyNoDrill(summary) !== null || view.faults.length > 0) return [];
  return scenarios.map(({ scenario, label, text, icon }): PaletteAction => ({
    id: `${summary.name}/drill/${scenario}`,
    group: 'Faults',
    icon,
    label: `Run drill: ${label.toLowerCase()}`,
    hint: 'measured, with a report',
    keywords: 'failover test chaos linearizable report availability',
    onlySearched: true,
    preview: () => ({
      title: `Drill: ${label.toLowerCase()}`,
      text: `${text} Runs a load, measures how long clients and partitions went without, checks that no acknowledged write is lost, heals all, and keeps a report.`,
      facts: [
        { label: 'Load', value: view.load === null ? 'its own' : 'its own; yours stops' },
        { label: 'Undo', value: 'Cancel drill' },
      ],
    }),
    run: (desk) => {
      desk.command('drills.start', { cluster: summary.name, scenario }, { failed: 'The drill could not be started' });
      desk.navigate(drillsPath(summary.name));
    },
  }));
}
