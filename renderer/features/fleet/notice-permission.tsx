import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import styles from './fleet.module.css';

/** In a browser the system shows notices only once it was asked to; until then they are notes in the page. */
export function NoticePermission() {
  const api = useApi();
  const host = useQuery({ queryKey: ['app.info'], queryFn: () => api.query('app.info', {}) }).data?.host;
  const [permission, setPermission] = useState(() =>
    'Notification' in globalThis ? Notification.permission : 'denied',
  );
  if (host !== 'browser') return null;
  return (
    <div className={styles.permission}>
      {permission === 'granted' && <p>Your system shows what fires while this page is open in a tab.</p>}
      {permission === 'denied' && (
        <p>What fires is shown as a note in this page: the browser does not let it notify you.</p>
      )}
      {permission === 'default' && (
        <>
          <p>What fires is shown as a note in this page. It can also be shown by your system.</p>
          <Button
            size="small"
            icon="bell"
            onClick={() => void Notification.requestPermission().then((given) => setPermission(given))}
          >
            Notify me
          </Button>
        </>
      )}
    </div>
  );
}
