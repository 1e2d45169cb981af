import * as Radix from 'radix-ui/toast';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { toApiError } from '../api/errors.ts';
import { Button, IconButton } from './button.tsx';
import { Icon } from './icon.tsx';
import styles from './toast.module.css';

export interface ToastContent {
  readonly tone: 'done' | 'error';
  readonly title: string;
  readonly text?: string;
  /** The undo, or the fix. */
  readonly action?: { readonly label: string; run(): void };
}

const MAX_SHOWN = 3;
let nextId = 1;

const toasts = createStore<{ items: readonly (ToastContent & { readonly id: number })[] }>(() => ({ items: [] }));

/** Shows a note in the corner; it leaves by itself (an error after a longer while). */
export function showToast(content: ToastContent): void {
  const item = { ...content, id: nextId++ };
  toasts.setState(({ items }) => ({ items: [...items, item].slice(-MAX_SHOWN) }));
}

/** An error as a toast: what failed, then why and what to do. */
export function showError(title: string, error: unknown, action?: ToastContent['action']): void {
  const told = toApiError(error);
  const text = told.hint === null ? told.message : `${told.message} ${told.hint}`;
  showToast({ tone: 'error', title, text, ...(action === undefined ? {} : { action }) });
}

export function Toaster() {
  const items = useStore(toasts, (state) => state.items);
  const drop = (id: number) => toasts.setState((state) => ({ items: state.items.filter((item) => item.id !== id) }));
  return (
    <Radix.Provider swipeDirection="right" label="Note">
      {items.map((item) => (
        <Radix.Root
          key={item.id}
          className={styles.toast}
          type={item.tone === 'error' ? 'foreground' : 'background'}
          duration={item.tone === 'error' ? 12_000 : 5_000}
          onOpenChange={(open) => {
            if (!open) drop(item.id);
          }}
        >
          <Icon name={item.tone === 'error' ? 'alert' : 'checkCircle'} className={styles[item.tone] ?? ''} />
          <div className={styles.words}>
            <Radix.Title className={styles.title}>{item.title}</Radix.Title>
            {item.text !== undefined && <Radix.Description className={styles.text}>{item.text}</Radix.Description>}
          </div>
          {item.action !== undefined && (
            <Radix.Action asChild altText={item.action.label}>
              <Button size="small" onClick={() => item.action?.run()}>
                {item.action.label}
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton icon="x" size="small" label="Close note" />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className={styles.viewport} />
    </Radix.Provider>
  );
}
