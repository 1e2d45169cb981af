import { replaceEqualDeep } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { CopyView } from '../../../electron/contract/copies.ts';
import { useApi } from '../../api/context.tsx';

/** Every copy of this app, newest first, now and after every change; null until they were told. */
export function useCopies(): readonly CopyView[] | null {
  const api = useApi();
  const [copies, setCopies] = useState<readonly CopyView[] | null>(null);
  useEffect(
    () =>
      api.subscribe(
        'copies',
        {},
        { message: (next) => setCopies((last) => replaceEqualDeep(last, next)), error: () => setCopies(null) },
      ),
    [api],
  );
  return copies;
}
