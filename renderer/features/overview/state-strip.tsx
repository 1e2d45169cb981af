import { Fragment, lazy, Suspense, useEffect, useState } from 'react';
import { useCommand } from '../../api/use-command.ts';
import { useClusterLive, useLive, useView } from '../../api/use-cluster-live.tsx';
import { STALE_AFTER_MS, type LiveState } from '../../api/cluster-live.ts';
import { Button } from '../../ui/button.tsx';
import { DrillButton } from './drill-button.tsx';
import { LoadMenu } from './load-menu.tsx';
import type { NodeActions } from './node-actions.ts';
import { QuorumRing } from './quorum-ring.tsx';
import { stateSentence } from './state-sentence.ts';
import styles from './state-strip.module.css';

const RemoteActions = lazy(async () => ({ default: (await import('../remote/remote-actions.tsx')).RemoteActions }));

function silentMs(state: LiveState): number | null {
  if (state.receivedAtMs === null) return null;
  const silent = performance.now() - state.receivedAtMs;
  return silent < STALE_AFTER_MS ? null : silent;
}

/** How long the host has said nothing, once that is worth saying; rendered again each second of it. */
export function useSilence(): number | null {
  const { store } = useLive();
  const receivedAtMs = useClusterLive((state) => state.receivedAtMs !== null);
  const [silent, setSilent] = useState<number | null>(null);
  useEffect(() => {
    if (!receivedAtMs) return undefined;
    const look = () => {
      const now = silentMs(store.getState());
      setSilent((last) =>
        now === null || last === null ? now : Math.floor(now / 1000) === Math.floor(last / 1000) ? last : now,
      );
    };
    const timer = setInterval(look, 250);
    return () => clearInterval(timer);
  }, [store, receivedAtMs]);
  return silent;
}

/** Quorum in one sentence, then what it means, and what is done to the cluster as a whole. */
export function StateStrip({
  cluster,
  silent,
  actions,
}: {
  cluster: string;
  silent: number | null;
  actions: NodeActions | null;
}) {
  const view = useView((whole) => whole);
  const sentence = stateSentence(view, silent);
  const dead = view.nodes.filter((node) => node.state === 'dead');
  const first = dead[0];
  return (
    <section className={styles.strip} aria-label="Cluster state">
      <QuorumRing nodes={view.nodes} tone={sentence.tone} />
      <div className={styles.words}>
        <h1 className={styles.headline}>
          {sentence.headline.map((part, i) => (
            <Fragment key={part}>
              {i > 0 && <span className={styles.separator}>·</span>}
              {part}
            </Fragment>
          ))}
        </h1>
        <p className={styles.meaning} title={sentence.meaning}>
          {sentence.meaning}
        </p>
      </div>
      <Announcer
        text={`${sentence.headline.join(', ')}. ${sentence.meaning}`}
        urgent={sentence.urgent}
        silent={silent}
      />
      {view.summary.remote !== null && (
        <div className={styles.actions}>
          <Suspense>
            <RemoteActions summary={view.summary} />
          </Suspense>
        </div>
      )}
      {actions !== null && (
        <div className={styles.actions}>
          {view.summary.state !== 'stopped' && <LoadMenu cluster={cluster} />}
          <ClusterButton cluster={cluster} stopped={view.summary.state === 'stopped'} />
          <DrillButton cluster={cluster} />
          {first !== undefined && view.summary.state !== 'stopped' && (
            <Button
              variant="primary"
              icon="play"
              busy={actions.isBusy('start', first)}
              onClick={() => dead.forEach((node) => actions.run('start', node))}
            >
              Start {dead.length === 1 ? first.name : `${dead.length} nodes`}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}

function ClusterButton({ cluster, stopped }: { cluster: string; stopped: boolean }) {
  const { run, isBusy } = useCommand();
  const name = stopped ? 'cluster.start' : 'cluster.stop';
  const failed = `${cluster} could not be ${stopped ? 'started' : 'stopped'}`;
  return (
    <Button
      variant={stopped ? 'primary' : 'plain'}
      {...(stopped ? { icon: 'play' as const } : {})}
      busy={isBusy(name, { cluster })}
      onClick={() => void run(name, { cluster }, { failed })}
    >
      {stopped ? 'Start cluster' : 'Stop cluster'}
    </Button>
  );
}

/**
 * Speaks the strip to screen readers: politely when the state changed in kind, at once
 * when quorum is lost. The seconds of a silence are not read out one by one.
 */
function Announcer({ text, urgent, silent }: { text: string; urgent: boolean; silent: number | null }) {
  const spoken = silent === null ? text : 'No data from the cluster.';
  return (
    <>
      <div className="sr-only" role="status">
        {urgent ? '' : spoken}
      </div>
      <div className="sr-only" role="alert">
        {urgent ? spoken : ''}
      </div>
    </>
  );
}
