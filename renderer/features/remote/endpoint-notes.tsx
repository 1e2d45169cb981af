import type { RemoteSummary } from '../../../electron/contract/model.ts';
import { Icon } from '../../ui/icon.tsx';
import styles from './endpoint-notes.module.css';

/** What of a remote cluster is of no use, and what to do, while the rest is shown. */
export function EndpointNotes({ problems }: { problems: RemoteSummary['endpointProblems'] }) {
  if (problems.length === 0) return null;
  return (
    <ul className={styles.notes} aria-label="Endpoints with problems">
      {problems.map(({ address, message, hint }) => (
        <li key={address}>
          <Icon name="alert" size={14} />
          <span>
            {message} {hint}
          </span>
        </li>
      ))}
    </ul>
  );
}
