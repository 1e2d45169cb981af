import * as Radix from 'radix-ui/dropdown-menu';
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import styles from './menu.module.css';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  /** Drawn dimmed behind the label: what it does, or why it cannot. */
  readonly hint?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  onSelect(): void;
}

/** `trigger` is one button element. Entries between nulls are grouped by a line. */
export function Menu({
  trigger,
  items,
  label,
  align = 'end',
}: {
  trigger: ReactNode;
  items: readonly (MenuItem | null)[];
  label: string;
  align?: 'start' | 'end';
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.content} align={align} sideOffset={4} aria-label={label}>
          {items.map((item, index) =>
            item === null ? (
              // eslint-disable-next-line react/no-array-index-key -- a line has no identity but its place
              <Radix.Separator key={`line-${String(index)}`} className={styles.separator} />
            ) : (
              <Radix.Item
                key={item.label}
                className={styles.item}
                data-danger={item.danger ?? undefined}
                disabled={item.disabled ?? false}
                onSelect={() => item.onSelect()}
              >
                {item.icon !== undefined && <Icon name={item.icon} size={14} />}
                <span>{item.label}</span>
                {item.hint !== undefined && <span className={styles.hint}>{item.hint}</span>}
              </Radix.Item>
            ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
