import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { mayMoveLeaders } from '../clusters/may-run.ts';
import { transferTargets, transferWords } from '../overview/transfer.ts';

/** Hands this partition's leadership to a replica of choice. */
export function MoveLeader({ cluster, partition }: { cluster: string; partition: number }) {
  const view = useView((whole) => whole);
  const { run } = useCommand();
  const targets = mayMoveLeaders(view.summary) ? transferTargets(view, partition) : [];
  if (targets.length === 0) return null;
  return (
    <Menu
      label="Move leader"
      trigger={
        <Button icon="swap" trailingIcon="chevronDown">
          Move leader
        </Button>
      }
      items={targets.map((node) => {
        const { label, failed } = transferWords(partition, node.name);
        return {
          label,
          icon: 'swap',
          onSelect: () => void run('partition.transfer', { cluster, partition, to: node.id }, { failed }),
        };
      })}
    />
  );
}
