import { useId, useState } from 'react';
import { cx } from './cx.ts';
import { Icon } from './icon.tsx';
import { FieldFrame, type FieldFrameProps } from './text-field.tsx';
import styles from './field.module.css';

export interface NumberStepperProps extends FieldFrameProps {
  value: number;
  min: number;
  max: number;
  step?: number;
  onChange: (value: number) => void;
}

/** A whole number: typed, stepped with the buttons, or with the arrow keys. */
export function NumberStepper({ value, min, max, step = 1, onChange, ...frame }: NumberStepperProps) {
  const id = useId();
  /** What is being typed, which need not be a number yet. */
  const [draft, setDraft] = useState<string | null>(null);
  const move = (by: number) => {
    setDraft(null);
    onChange(Math.min(max, Math.max(min, value + by)));
  };
  const said = frame.problem !== undefined || frame.help !== undefined;
  return (
    <FieldFrame id={id} {...frame}>
      <div className={cx(styles.stepper, frame.problem !== undefined && styles.bad)}>
        <button
          type="button"
          tabIndex={-1}
          aria-label={`${frame.label}: less`}
          disabled={value <= min}
          onClick={() => move(-step)}
        >
          <Icon name="minus" size={14} />
        </button>
        <input
          id={id}
          className={styles.number}
          role="spinbutton"
          inputMode="numeric"
          autoComplete="off"
          aria-valuenow={value}
          aria-valuemin={min}
          aria-valuemax={max}
          aria-invalid={frame.problem !== undefined || undefined}
          aria-describedby={said ? `${id}-help` : undefined}
          value={draft ?? String(value)}
          onChange={(event) => {
            setDraft(event.target.value);
            const typed = Number(event.target.value);
            if (event.target.value.trim() !== '' && Number.isInteger(typed)) onChange(typed);
          }}
          onBlur={() => setDraft(null)}
          onKeyDown={(event) => {
            const by = event.key === 'ArrowUp' ? step : event.key === 'ArrowDown' ? -step : 0;
            if (by === 0) return;
            event.preventDefault();
            move(by);
          }}
        />
        <button
          type="button"
          tabIndex={-1}
          aria-label={`${frame.label}: more`}
          disabled={value >= max}
          onClick={() => move(step)}
        >
          <Icon name="plus" size={14} />
        </button>
      </div>
    </FieldFrame>
  );
}
