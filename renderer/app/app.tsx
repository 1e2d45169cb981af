import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import type { Api } from '../../electron/contract/contract.ts';
import { ApiProvider } from '../api/context.tsx';
import { Toaster } from '../ui/toast.tsx';
import { TooltipProvider } from '../ui/tooltip.tsx';
import { Shell } from './shell.tsx';

export function App({ api }: { api: Api }) {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } } }),
  );
  return (
    <ApiProvider value={api}>
      <QueryClientProvider client={queries}>
        <TooltipProvider delayDuration={300}>
          <Shell />
          <Toaster />
        </TooltipProvider>
      </QueryClientProvider>
    </ApiProvider>
  );
}
