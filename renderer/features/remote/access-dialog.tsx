import { useQuery } from '@tanstack/react-query';
import type { EtcdAccess } from '../../../electron/contract/remote.ts';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { fromBase64 } from '../keys/bytes.ts';
import { escapeKey } from '../keys/key-text.ts';
import styles from './access-dialog.module.css';
import footer from './footer.module.css';

type Permission = EtcdAccess['roles'][number]['permissions'][number];

/** Who may do what on an etcd cluster. */
export function AccessDialog({ cluster, onClose }: { cluster: string; onClose: () => void }) {
  const api = useApi();
  const access = useQuery({ queryKey: ['etcd.access', cluster], queryFn: () => api.query('etcd.access', { cluster }) });
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Users and roles"
      footer={
        <>
          <span className={footer.grow} />
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      {access.error !== null && <ErrorNote title="Users and roles could not be read." error={access.error} />}
      {access.data !== undefined && access.data.users.length === 0 && (
        <p>There are no users: whoever reaches this cluster may do everything.</p>
      )}
      {access.data?.users.map((user) => (
        <section key={user.name} className={styles.user}>
          <h3>{user.name}</h3>
          {user.roles.length === 0 && <p>without a role: nothing</p>}
          <ul>
            {user.roles
              .flatMap((name) => rightsOf(access.data, name))
              .map((right) => (
                <li key={right}>{right}</li>
              ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}

function rightsOf({ roles }: EtcdAccess, name: string): string[] {
  if (name === 'root') return ['root: everything'];
  const permissions = roles.find((role) => role.name === name)?.permissions ?? [];
  if (permissions.length === 0) return [`${name}: nothing`];
  return permissions.map((permission) => `${name}: ${verbs[permission.type]} ${rangeWords(permission)}`);
}

const verbs: Record<Permission['type'], string> = {
  read: 'reads',
  write: 'writes',
  readwrite: 'reads and writes',
};

/** A range as etcd writes it: a key, all from a key on, a prefix, or from one key to another. */
function rangeWords({ key, rangeEnd }: Permission): string {
  const from = fromBase64(key);
  const end = fromBase64(rangeEnd);
  const written = escapeKey(from);
  if (end.length === 0) return `the key ${written}`;
  const isOpen = end.length === 1 && end[0] === 0;
  if (isOpen) return from.length <= 1 && (from[0] ?? 0) === 0 ? 'every key' : `every key from ${written} on`;
  const last = from.at(-1);
  const isPrefix =
    last !== undefined &&
    end.length === from.length &&
    end.at(-1) === last + 1 &&
    from.subarray(0, -1).every((byte, i) => byte === end[i]);
  return isPrefix ? `keys that begin with ${written}` : `keys from ${written} to before ${escapeKey(end)}`;
}
