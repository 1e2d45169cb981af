import { lazy, Suspense, useCallback } from 'react';
import { useLocation, useSearch } from 'wouter';
import { AskDialog } from './ask-dialog.tsx';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { withDialog } from './paths.ts';

const NewClusterSheet = lazy(async () => ({
  default: (await import('../features/clusters/new-cluster-sheet.tsx')).NewClusterSheet,
}));

const ImportClusterDialog = lazy(async () => ({
  default: (await import('../features/clusters/import-dialog.tsx')).ImportClusterDialog,
}));

const ConnectSheet = lazy(async () => ({
  default: (await import('../features/remote/connect-sheet.tsx')).ConnectSheet,
}));

const CopyDialog = lazy(async () => ({
  default: (await import('../features/copies/copy-dialog.tsx')).CopyDialog,
}));

const SettingsDialog = lazy(async () => ({
  default: (await import('../features/settings/settings-dialog.tsx')).SettingsDialog,
}));

export type DialogName = 'import' | 'copy' | 'new' | 'connect' | 'settings' | 'shortcuts';

/** The dialog that the address names, and the way to name another (null closes). */
export function useDialog(): [
  string | null,
  (dialog: DialogName | null, preset?: Readonly<Record<string, string>>) => void,
] {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const open = useCallback(
    (dialog: DialogName | null, preset: Readonly<Record<string, string>> = {}) =>
      navigate(withDialog(path, search, dialog, preset), { replace: true }),
    [navigate, path, search],
  );
  return [new URLSearchParams(search).get('dialog'), open];
}

export function Dialogs() {
  const [dialog, setDialog] = useDialog();
  return (
    <>
      {dialog === 'new' && (
        <Suspense>
          <NewClusterSheet onClose={() => setDialog(null)} />
        </Suspense>
      )}
      {dialog === 'import' && (
        <Suspense>
          <ImportClusterDialog onClose={() => setDialog(null)} />
        </Suspense>
      )}
      {dialog === 'connect' && (
        <Suspense>
          <ConnectSheet profile={null} onClose={() => setDialog(null)} />
        </Suspense>
      )}
      {dialog === 'copy' && (
        <Suspense>
          <CopyDialog onClose={() => setDialog(null)} />
        </Suspense>
      )}
      {dialog === 'settings' && (
        <Suspense>
          <SettingsDialog onClose={() => setDialog(null)} />
        </Suspense>
      )}
      <AskDialog />
      <ShortcutsDialog open={dialog === 'shortcuts'} onOpenChange={(open) => setDialog(open ? 'shortcuts' : null)} />
    </>
  );
}
