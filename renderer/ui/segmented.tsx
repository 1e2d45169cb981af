import * as RadioGroup from 'radix-ui/radio-group';
import { cx } from './cx.ts';
import styles from './segmented.module.css';

export interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  onChange: (value: T) => void;
  /** Fills the width, all parts alike. */
  full?: boolean;
  className?: string;
}

/** One of a few, all visible. Arrow keys move. */
export function Segmented<T extends string>({ label, value, options, onChange, full, className }: SegmentedProps<T>) {
  return (
    <RadioGroup.Root
      className={cx(styles.root, full && styles.full, className)}
      aria-label={label}
      orientation="horizontal"
      value={value}
      onValueChange={(next) => onChange(next as T)}
    >
      {options.map((option) => (
        <RadioGroup.Item key={option.value} className={styles.item} value={option.value} title={option.title}>
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
