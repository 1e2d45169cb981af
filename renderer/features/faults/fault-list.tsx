import type { ActiveFault } from '../../../electron/contract/faults.ts';
import { useClusterNow } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { IconButton } from '../../ui/button.tsx';
import { endText, faultSpoken, faultText } from './fault-text.ts';
import styles from './fault-list.module.css';

const REPAINT_MS = 500;

/** The faults that are on, each with its end in sight and within reach. */
export function FaultList({
  cluster,
  faults,
  mayAct,
}: {
  cluster: string;
  faults: readonly ActiveFault[];
  mayAct: boolean;
}) {
  const now = useClusterNow(REPAINT_MS);
  const { run, isBusy } = useCommand();
  return (
    <ul className={styles.list} aria-label="Faults">
      {faults.map((fault) => {
        const command = { cluster, id: fault.id };
        return (
          <li key={fault.id}>
            <span className={styles.what} data-kind={kindOf(fault)}>
              <span aria-hidden="true">{faultText(fault)}</span>
              <span className="sr-only">{faultSpoken(fault)}</span>
            </span>
            <span className={styles.end}>{endText(fault, now)}</span>
            {mayAct && (
              <IconButton
                icon="x"
                size="small"
                label={`End ${faultSpoken(fault)}`}
                aria-busy={isBusy('fault.end', command) || undefined}
                onClick={() => void run('fault.end', command, { failed: 'The fault could not be ended' })}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function kindOf(fault: ActiveFault): 'cut' | 'lossy' | 'slow' {
  if (fault.kind === 'isolate' || (fault.kind === 'link' && fault.cut)) return 'cut';
  return fault.kind === 'link' && fault.dropPercent > 0 ? 'lossy' : 'slow';
}
