import { useEffect, useRef, useState, type ComponentProps } from 'react';
import { cx } from '../../ui/cx.ts';
import styles from './code-area.module.css';

const LINE_PX = 19;
const PADDING_PX = 6;

export interface CodeAreaProps extends Omit<ComponentProps<'textarea'>, 'value' | 'onChange' | 'className'> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Counted from 1; marked in the margin. */
  problemLine?: number | undefined;
  /** What stands in the margin and beside a line. */
  margin?: (line: number, text: string) => { readonly before: string; readonly after?: string };
  className?: string;
}

/** Plain text with a margin. Only the lines in sight have one, so that a megabyte stays quick. */
export function CodeArea({ label, value, onChange, problemLine, margin, className, ...rest }: CodeAreaProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 0 });
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    const look = () => setSight({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const lines = value.split('\n');
  const first = Math.max(0, Math.floor((sight.top - PADDING_PX) / LINE_PX));
  const shown = lines.slice(first, first + Math.ceil(sight.height / LINE_PX) + 1);
  const offset = PADDING_PX + first * LINE_PX - sight.top;
  const rows = shown.map((text, i) => ({
    line: first + i + 1,
    ...(margin?.(first + i, text) ?? { before: String(first + i + 1) }),
  }));
  const hasAfter = rows.some((row) => row.after !== undefined);

  return (
    <div className={cx(styles.code, className)}>
      <div className={styles.margin} aria-hidden="true">
        <div style={{ transform: `translateY(${offset}px)` }}>
          {rows.map((row) => (
            <div key={row.line} className={row.line === problemLine ? styles.problem : undefined}>
              {row.before}
            </div>
          ))}
        </div>
      </div>
      <textarea
        ref={area}
        className={styles.text}
        aria-label={label}
        wrap="off"
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => setSight({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
        {...rest}
      />
      {hasAfter && (
        <div className={styles.after} aria-hidden="true">
          <div style={{ transform: `translateY(${offset}px)` }}>
            {rows.map((row) => (
              <div key={row.line}>{row.after}</div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
