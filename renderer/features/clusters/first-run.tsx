import { useDialog } from '../../app/dialogs.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { emptyForm, readForm } from './spec-form.ts';
import { presets } from './presets.ts';
import { useCreateCluster } from './use-create-cluster.ts';
import styles from './first-run.module.css';

/** No cluster yet: what this is in one sentence, and one button that starts one. */
export function FirstRun() {
  const create = useCreateCluster();
  const [, openDialog] = useDialog();
  const start = () => {
    const read = readForm(emptyForm(presets[1], []));
    if (read.ok) create.mutate(read.spec);
  };
  return (
    <div className={styles.empty}>
      <Picture />
      <h1>Run a real Raft cluster on this computer</h1>
      <p className={styles.lead}>Start nodes, kill the leader, cut the network, and watch the cluster recover.</p>
      <Button variant="primary" size="big" icon="play" className={styles.start} busy={create.isPending} onClick={start}>
        {create.isPending ? 'Starting 3 nodes…' : 'Start a 3-node cluster'}
      </Button>
      <p className={styles.after}>Ready in a few seconds. Nothing leaves this computer.</p>
      {create.error !== null && (
        <div className={styles.error}>
          <ErrorNote
            title="The cluster was not created."
            error={create.error}
            fix={{ label: 'Customise…', run: () => openDialog('new') }}
          />
        </div>
      )}
      <Button variant="ghost" className={styles.customise} onClick={() => openDialog('new')}>
        Customise…
      </Button>
      <Button variant="ghost" icon="cluster" onClick={() => openDialog('connect')}>
        Connect to a cluster elsewhere…
      </Button>
    </div>
  );
}

/** A leader and two followers. */
function Picture() {
  return (
    <div className={styles.picture} aria-hidden="true">
      <svg width="280" height="216" viewBox="0 0 280 216">
        <circle cx="140" cy="126" r="92" className={styles.ring} />
        <path d="M122 76 76 146M158 76l46 70M92 172h96" className={styles.links} />
        <path d="M112 92 96 116M168 92l16 24" className={styles.messages} />
        <circle cx="140" cy="46" r="35" className={styles.gap} />
        <circle cx="58" cy="172" r="35" className={styles.gap} />
        <circle cx="222" cy="172" r="35" className={styles.gap} />
      </svg>
      <span className={styles.leader}>
        <RoleGlyph role="L" term={0} size={64} />
      </span>
      <span className={styles.left}>
        <RoleGlyph role="F" term={0} size={56} />
      </span>
      <span className={styles.right}>
        <RoleGlyph role="F" term={0} size={56} />
      </span>
    </div>
  );
}
