import { lazy, Suspense } from 'react';
import { cx } from '../../../ui/cx.ts';
import type { CodeEditorProps } from './code-editor.tsx';
import styles from './code-area.module.css';

/** The editor is larger than all the rest of the key browser, and loads when a value is first looked at. */
const CodeEditor = lazy(async () => ({ default: (await import('./code-editor.tsx')).CodeEditor }));

/** A text of up to megabytes, of which only the lines in sight are drawn. */
export function CodeArea({ className, ...editor }: CodeEditorProps & { className?: string | undefined }) {
  return (
    <div className={cx(styles.code, className)}>
      <Suspense fallback={<div className={styles.loading} aria-busy="true" />}>
        <CodeEditor {...editor} />
      </Suspense>
    </div>
  );
}
