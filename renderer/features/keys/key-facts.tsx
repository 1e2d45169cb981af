import type { KeyMeta } from '../../../electron/contract/model.ts';
import { useClusterNow, useView } from '../../api/use-cluster-live.tsx';
import { TermTag } from '../../ui/badge.tsx';
import { formatBytesOrDash, formatCount } from '../../ui/format.ts';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { expiresAt, expiryWords } from './expiry.ts';
import { changedWords } from './changed-words.ts';
import styles from './key-facts.module.css';

/** Where a key lives and how it stands. `editedRevision` is told when the draft is based on another one. */
export function KeyFacts({ meta, editedRevision }: { meta: KeyMeta; editedRevision: number | null }) {
  const now = useClusterNow(1_000);
  const expiresAtMs = expiresAt(meta);
  const partition = useView((view) => view.partitions.find((one) => one.partition === meta.partition));
  const leader = useView((view) => view.nodes.find((node) => node.id === partition?.leader));
  return (
    <dl className={styles.facts}>
      <div>
        <dt>Partition</dt>
        <dd>
          p{meta.partition}
          {partition !== undefined && <TermTag term={partition.term} />}
        </dd>
      </div>
      <div>
        <dt>Leader</dt>
        <dd>
          {leader === undefined ? (
            <span className={styles.none}>none</span>
          ) : (
            <>
              <RoleGlyph role="L" term={partition?.term} size={16} />
              {leader.name} <span className={styles.port}>:{leader.clientPort}</span>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Size</dt>
        <dd>{formatBytesOrDash(meta.valueSizeBytes)}</dd>
      </div>
      <div>
        <dt>Revision</dt>
        <dd>
          {formatCount(meta.revision)}
          {editedRevision !== null && <span className={styles.yours}>yours: {formatCount(editedRevision)}</span>}
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd title="Writes of this key since it was created">{formatCount(meta.version)}</dd>
      </div>
      {expiresAtMs !== null && (
        <div>
          <dt>Expires</dt>
          <dd title={new Date(expiresAtMs).toLocaleString()}>{expiryWords(expiresAtMs, now)}</dd>
        </div>
      )}
      {meta.updatedAtMs !== null && (
        <div>
          <dt>Changed</dt>
          <dd title={new Date(meta.updatedAtMs).toLocaleString()}>{changedWords(now - meta.updatedAtMs)} ago</dd>
        </div>
      )}
    </dl>
  );
}
