import * as Radix from 'radix-ui/context-menu';
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import type { MenuItem } from './menu.tsx';
import styles from './menu.module.css';

/** On a right click, or the menu key, over its children. Without items the click is the browser's own. */
export function ContextMenu({
  items,
  label,
  children,
}: {
  items: readonly MenuItem[];
  label: string;
  children: ReactNode;
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      {items.length > 0 && (
        <Radix.Portal>
          <Radix.Content className={styles.content} aria-label={label}>
            {items.map((item) => (
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
            ))}
          </Radix.Content>
        </Radix.Portal>
      )}
    </Radix.Root>
  );
}
