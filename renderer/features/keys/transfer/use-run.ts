import { useCallback, useEffect, useRef, useState } from 'react';

export type Run<P, R> =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly progress: P; readonly cancelling: boolean }
  | { readonly state: 'done'; readonly result: R }
  | { readonly state: 'failed'; readonly error: unknown };

/**
 * Work in many steps that can be stopped between two of them. What it reports is drawn at
 * most once a frame. Leaving the screen stops it.
 */
export function useRun<P, R>(): {
  readonly run: Run<P, R>;
  /** `work` looks at the signal between its steps, and then answers with what it has done so far. */
  readonly start: (first: P, work: (signal: AbortSignal, report: (progress: P) => void) => Promise<R>) => void;
  readonly cancel: () => void;
  readonly reset: () => void;
} {
  const [run, setRun] = useState<Run<P, R>>({ state: 'idle' });
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const start = useCallback(
    (first: P, work: (signal: AbortSignal, report: (progress: P) => void) => Promise<R>): void => {
      stop.current?.abort();
      const control = new AbortController();
      stop.current = control;
      let frame = 0;
      const isMine = () => stop.current === control;
      const report = (progress: P) => {
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(() => {
          if (isMine()) setRun({ state: 'running', progress, cancelling: control.signal.aborted });
        });
      };
      const settle = (next: Run<P, R>) => {
        cancelAnimationFrame(frame);
        if (isMine()) setRun(next);
      };
      setRun({ state: 'running', progress: first, cancelling: false });
      work(control.signal, report).then(
        (result) => settle({ state: 'done', result }),
        (error: unknown) => settle({ state: 'failed', error }),
      );
    },
    [],
  );
  const cancel = useCallback(() => {
    stop.current?.abort();
    setRun((now) => (now.state === 'running' ? { ...now, cancelling: true } : now));
  }, []);
  const reset = useCallback(() => {
    stop.current?.abort();
    stop.current = null;
    setRun({ state: 'idle' });
  }, []);
  return { run, start, cancel, reset };
}
