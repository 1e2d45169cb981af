import { useConnection } from '../api/context.tsx';
import { Icon } from '../ui/icon.tsx';
import styles from './shell.module.css';

/** Across the top while the backend cannot be reached: what is shown below is the last known. */
export function ConnectionNote() {
  const connection = useConnection();
  if (connection !== 'closed') return null;
  return (
    <div className={styles.note} role="status">
      <Icon name="alert" />
      <span>
        The application’s backend does not answer. Trying again by itself; what you see is the last known state.
      </span>
    </div>
  );
}
