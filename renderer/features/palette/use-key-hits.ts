import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ClusterView, KeyMeta } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { useSetting } from '../../app/settings.ts';
import { toBase64 } from '../keys/bytes.ts';
import { checkPrefix } from '../keys/limits.ts';

/** Looked up once the typing rests this long. */
const TYPING_REST_MS = 150;
/** The palette is for jumping; the key browser lists. */
const MAX_HITS = 8;

export interface KeyHit {
  readonly meta: KeyMeta;
  readonly prefix: string;
}

export interface KeyHits {
  readonly hits: readonly KeyHit[];
  readonly isLooking: boolean;
  readonly error: unknown;
}

/** The first keys of each prefix, read as the key browser usually reads. Nothing is asked of a stopped cluster. */
export function useKeyHits(view: ClusterView | null, prefixes: readonly string[]): KeyHits {
  const api = useApi();
  const readMode = useSetting('readMode');
  const typed = JSON.stringify(prefixes);
  const [rested, setRested] = useState('[]');
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), TYPING_REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const answers = view !== null && view.summary.state !== 'stopped' && view.summary.state !== 'unreachable';
  const cluster = view?.summary.name ?? '';
  const enabled = answers && typed !== '[]' && rested === typed;
  const query = useQuery({
    queryKey: ['palette.keys', cluster, rested, readMode],
    queryFn: async (): Promise<readonly KeyHit[]> => {
      const found = await Promise.all(
        prefixes.map(async (prefix): Promise<KeyHit[]> => {
          const bytes = checkPrefix(prefix);
          if (!bytes.ok) return [];
          const input = { cluster, prefix: toBase64(bytes.bytes), after: '', limit: MAX_HITS, readMode };
          const { keys } = await api.query('keys.scan', input);
          return keys.map((meta) => ({ meta, prefix }));
        }),
      );
      return found.flat().slice(0, MAX_HITS);
    },
    enabled,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    gcTime: 0,
  });
  if (!answers || typed === '[]') return { hits: [], isLooking: false, error: null };
  return {
    hits: query.data ?? [],
    isLooking: rested !== typed || query.isFetching,
    error: query.error,
  };
}
