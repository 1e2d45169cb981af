import { useMemo } from 'react';
import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { plural } from '../../ui/format.ts';
import { Button } from '../../ui/button.tsx';
import { balancingMoves, transferWords } from './transfer.ts';

/** Hands leaders over until every node leads about as many; not there when they do. */
export function BalanceButton() {
  const view = useView((whole) => whole);
  const { run, isBusy } = useCommand();
  const moves = useMemo(() => balancingMoves(view), [view]);
  if (moves.length === 0) return null;
  const cluster = view.summary.name;
  const commands = moves.map(({ partition, to }) => ({
    input: { cluster, partition, to: to.id },
    words: { failed: transferWords(partition, to.name).failed },
  }));
  return (
    <Button
      variant="ghost"
      size="small"
      icon="swap"
      busy={commands.some(({ input }) => isBusy('partition.transfer', input))}
      title={`Hands ${plural(moves.length, 'partition')} over to nodes that lead fewer`}
      onClick={() => commands.forEach(({ input, words }) => void run('partition.transfer', input, words))}
    >
      Balance leaders
    </Button>
  );
}
