import type { NodeState } from '../../electron/contract/model.ts';
import { cx } from './cx.ts';
import styles from './status-shape.module.css';

const shapes = {
  live: <circle cx="6" cy="6" r="4.4" fill="currentColor" stroke="none" />,
  suspect: (
    <>
      <circle cx="6" cy="6" r="4.4" strokeWidth="1.5" />
      <path d="M6 1.6a4.4 4.4 0 0 0 0 8.8z" fill="currentColor" stroke="none" />
    </>
  ),
  paused: <path d="M4 2.4v7.2M8 2.4v7.2" strokeWidth="2.2" />,
  partitioned: <path d="M3.2 9.3A4.4 4.4 0 0 1 7.4 1.9M8.9 2.7A4.4 4.4 0 0 1 4.7 10.1M1.6 10.6l1-1M9.4 2.6l1-1" />,
  dead: <path d="m2.4 2.4 7.2 7.2M9.6 2.4 2.4 9.6" strokeWidth="2.2" />,
  stopped: <circle cx="6" cy="6" r="4" strokeWidth="1.5" />,
} satisfies Record<NodeState, unknown>;

/** A status has a shape of its own, so that colour is never alone. Put the word beside it. */
export function StatusShape({ state, className }: { state: NodeState; className?: string }) {
  return (
    <svg className={cx(styles.shape, styles[state], className)} viewBox="0 0 12 12" aria-hidden="true">
      {shapes[state]}
    </svg>
  );
}

export function StatusWord({ state }: { state: NodeState }) {
  return <span className={cx(styles.word, styles[state])}>{state}</span>;
}
