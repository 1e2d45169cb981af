import { useId, type ComponentProps, type ReactNode } from 'react';
import { cx } from './cx.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './field.module.css';

export interface FieldFrameProps {
  label: string;
  /** Beside the label, dimmed: a range, "optional". */
  note?: string;
  /** Under the control. */
  help?: ReactNode;
  /** Replaces the help and marks the control invalid. */
  problem?: string | undefined;
  hideLabel?: boolean;
  className?: string;
}

/** Label, control, and what is said of it, tied together for screen readers. */
export function FieldFrame({
  id,
  label,
  note,
  help,
  problem,
  hideLabel = false,
  className,
  children,
}: FieldFrameProps & { id: string; children: ReactNode }) {
  const said = problem ?? help;
  return (
    <div className={cx(styles.field, className)}>
      <label className={hideLabel ? 'sr-only' : styles.label} htmlFor={id}>
        {label}
        {note !== undefined && <span>{note}</span>}
      </label>
      {children}
      {said !== undefined && (
        <p
          id={`${id}-help`}
          className={problem === undefined ? styles.help : styles.problem}
          role={problem === undefined ? undefined : 'alert'}
        >
          {said}
        </p>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldFrameProps, Omit<ComponentProps<'input'>, 'className'> {
  icon?: IconName;
  /** Behind the text: a unit, a button. */
  trailing?: ReactNode;
  mono?: boolean;
}

export function TextField({
  label,
  note,
  help,
  problem,
  hideLabel,
  className,
  icon,
  trailing,
  mono = false,
  ...input
}: TextFieldProps) {
  const drawn = useId();
  const id = input.id ?? drawn;
  return (
    <FieldFrame {...{ id, label, note, help, problem, hideLabel, className }}>
      <div className={cx(styles.box, problem !== undefined && styles.bad)}>
        {icon !== undefined && <Icon name={icon} size={14} />}
        <input
          autoComplete="off"
          spellCheck={false}
          {...input}
          id={id}
          className={cx(styles.input, mono && 'mono')}
          aria-invalid={problem !== undefined || undefined}
          aria-describedby={problem === undefined && help === undefined ? undefined : `${id}-help`}
        />
        {trailing !== undefined && <span className={styles.trailing}>{trailing}</span>}
      </div>
    </FieldFrame>
  );
}
