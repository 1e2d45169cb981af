import { useCallback, useState } from 'react';
import type { CommandInput, CommandName } from '../../electron/contract/contract.ts';
import { showError, showToast, type ToastContent } from '../ui/toast.tsx';
import { useApi } from './context.tsx';

export interface CommandWords {
  /** Said when it failed: "n1 could not be killed". */
  readonly failed: string;
  /** Said when it is done; nothing is said without. */
  readonly done?: Omit<ToastContent, 'tone'>;
}

export interface CommandRunner {
  /** Runs it and tells the outcome. Resolves to whether it succeeded; never rejects. */
  readonly run: <N extends CommandName>(name: N, input: CommandInput<N>, words: CommandWords) => Promise<boolean>;
  /** Whether this very command is under way. */
  readonly isBusy: <N extends CommandName>(name: N, input: CommandInput<N>) => boolean;
}

const keyOf = (name: string, input: unknown) => `${name} ${JSON.stringify(input)}`;

/** Commands from buttons: one at a time of each kind, with its outcome as a note. */
export function useCommand(): CommandRunner {
  const api = useApi();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const run = useCallback<CommandRunner['run']>(
    async (name, input, words) => {
      const key = keyOf(name, input);
      setBusy((keys) => new Set(keys).add(key));
      try {
        await api.command(name, input);
        if (words.done !== undefined) showToast({ tone: 'done', ...words.done });
        return true;
      } catch (error) {
        showError(words.failed, error);
        return false;
      } finally {
        setBusy((keys) => new Set([...keys].filter((held) => held !== key)));
      }
    },
    [api],
  );
  return { run, isBusy: (name, input) => busy.has(keyOf(name, input)) };
}
