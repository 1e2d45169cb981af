import { useMemo } from 'react';
import { Button } from '../../ui/button.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { CodeArea } from './code/code-area.tsx';
import { jsonProblem, type Draft, type ValueFormat } from './value-format.ts';
import styles from './value-field.module.css';

const formats = [
  { value: 'json', label: 'JSON' },
  { value: 'text', label: 'Text' },
  { value: 'hex', label: 'Hex' },
  { value: 'base64', label: 'Base64' },
] as const satisfies readonly { value: ValueFormat; label: string }[];

const labels: Readonly<Record<ValueFormat, string>> = { json: 'JSON', text: 'text', hex: 'hex', base64: 'base64' };

/** A value as JSON, text, hex or base64, with what is right or wrong about it. */
export function ValueField({
  draft,
  refusal,
  readOnly,
  onText,
  onFormat,
  onLayOut,
}: {
  draft: Draft;
  refusal: string | null;
  readOnly: boolean;
  onText: (text: string) => void;
  onFormat: (format: ValueFormat) => void;
  /** Indents JSON anew. */
  onLayOut: () => void;
}) {
  const problem = useMemo(() => jsonProblem(draft), [draft]);
  const words =
    draft.format !== 'json'
      ? draft.lineEnding === '\r\n' && draft.format === 'text'
        ? 'Windows line ends, kept'
        : ''
      : problem === null
        ? 'valid JSON'
        : `line ${problem.line}, column ${problem.column}: ${problem.message}`;
  return (
    <div className={styles.value}>
      <div className={styles.bar}>
        <Segmented label="Value format" value={draft.format} options={formats} onChange={onFormat} />
        <span className={problem === null ? styles.words : styles.wrong} role="status">
          {words}
        </span>
        {draft.format === 'json' && !readOnly && (
          <Button variant="ghost" size="small" disabled={problem !== null} onClick={onLayOut}>
            Format
          </Button>
        )}
      </div>
      {refusal !== null && (
        <p className={styles.refusal} role="alert">
          {refusal}
        </p>
      )}
      <CodeArea
        className={styles.area}
        label={`Value as ${labels[draft.format]}`}
        value={draft.text}
        format={draft.format}
        readOnly={readOnly}
        onChange={onText}
        problemLine={problem?.line}
      />
    </div>
  );
}
