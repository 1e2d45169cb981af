import { useCallback } from 'react';
import { useSearchParams } from 'wouter';
import type { ReadMode } from '../../../electron/contract/model.ts';
import { useSetting } from '../../app/settings.ts';
import { readModes } from './read-modes.ts';

/** What the address says of this screen. Prefix and key are written as `escapeKey` writes them. */
export interface KeysRoute {
  readonly prefix: string;
  readonly key: string | null;
  readonly read: ReadMode;
  /** The list follows the cluster. */
  readonly watch: boolean;
}

/** `usual` is the read mode where the address names none. */
export function readRoute(params: URLSearchParams, usual: ReadMode): KeysRoute {
  const read = params.get('read');
  return {
    prefix: params.get('prefix') ?? '',
    key: params.get('key'),
    read: readModes.find((mode) => mode.value === read)?.value ?? usual,
    watch: params.get('watch') === '1',
  };
}

/** The parameters after a change; what is usual is left out, what is not ours stays. */
export function writeRoute(params: URLSearchParams, change: Partial<KeysRoute>, usual: ReadMode): URLSearchParams {
  const { prefix, key, read, watch } = { ...readRoute(params, usual), ...change };
  const next = new URLSearchParams(params);
  const put = (name: string, value: string | null) => (value === null ? next.delete(name) : next.set(name, value));
  put('prefix', prefix === '' ? null : prefix);
  put('key', key);
  put('read', read === usual ? null : read);
  put('watch', watch ? '1' : null);
  return next;
}

/** Opening a key is a step back can undo; typing a prefix is not. */
export function useKeysRoute(): [KeysRoute, (change: Partial<KeysRoute>) => void] {
  const [params, setParams] = useSearchParams();
  const usual = useSetting('readMode');
  const change = useCallback(
    (part: Partial<KeysRoute>) =>
      setParams((now) => writeRoute(now, part, usual), { replace: part.key === undefined || part.key === null }),
    [setParams, usual],
  );
  return [readRoute(params, usual), change];
}
