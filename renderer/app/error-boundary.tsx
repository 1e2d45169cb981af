import { Component, type ReactNode } from 'react';
import { ErrorNote } from '../ui/error-note.tsx';
import styles from './shell.module.css';

interface State {
  readonly thrown: unknown;
  readonly failed: boolean;
  /** Under which the failure happened. */
  readonly resetKey: string;
}

/** Keeps a screen that failed from taking the rest along. A new `resetKey` tries again. */
export class ErrorBoundary extends Component<{ children: ReactNode; resetKey: string }, State> {
  override state: State = { thrown: null, failed: false, resetKey: this.props.resetKey };

  static getDerivedStateFromError(thrown: unknown): Partial<State> {
    return { thrown, failed: true };
  }

  static getDerivedStateFromProps(props: { resetKey: string }, state: State): Partial<State> | null {
    return props.resetKey === state.resetKey ? null : { thrown: null, failed: false, resetKey: props.resetKey };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className={styles.failed}>
        <ErrorNote
          title="This screen could not be drawn."
          error={this.state.thrown}
          fix={{ label: 'Draw it again', run: () => this.setState({ thrown: null, failed: false }) }}
        />
      </div>
    );
  }
}
