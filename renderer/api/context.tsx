import { createContext, useContext, useEffect, useState } from 'react';
import type { Api } from '../../electron/contract/contract.ts';

const ApiContext = createContext<Api | null>(null);

export const ApiProvider = ApiContext.Provider;

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error('useApi needs an ApiProvider above it.');
  return api;
}

/** Whether the backend can be reached; 'connecting' until the carrier first opened. */
export function useConnection(): 'connecting' | 'open' | 'closed' {
  const api = useApi();
  const [state, setState] = useState<'connecting' | 'open' | 'closed'>('connecting');
  useEffect(
    () => api.onConnection((next) => setState((now) => (now === 'connecting' && next === 'closed' ? now : next))),
    [api],
  );
  return state;
}
