import { dialog, type App, type BrowserWindow } from 'electron';

export interface QuitGuard {
  /** For signals: whoever sends one has decided, and may have no window to look at. */
  quitWithoutAsking(): void;
}

/**
 * Quitting ends what this application runs: it asks when clusters do, and then waits
 * until they have stopped in order.
 */
export function guardQuit(options: {
  readonly app: App;
  readonly window: () => BrowserWindow | null;
  readonly ownedClusters: () => string[];
  /** Closes everything; Electron exits afterwards. */
  readonly close: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}): QuitGuard {
  let phase: 'running' | 'asking' | 'closing' = 'running';
  let ask = true;
  const quit = async (): Promise<void> => {
    const clusters = options.ownedClusters();
    if (ask && clusters.length > 0 && !(await confirm(options.window(), clusters))) {
      phase = 'running';
      return;
    }
    phase = 'closing';
    try {
      await options.close();
    } catch (error) {
      options.onError(error);
    }
    options.app.exit(0);
  };
  options.app.on('before-quit', (event) => {
    // app.exit() does not come by here again, so every quit that does is held back.
    event.preventDefault();
    if (phase !== 'running') return;
    phase = 'asking';
    quit().catch((error: unknown) => {
      phase = 'running';
      options.onError(error);
    });
  });
  return {
    quitWithoutAsking() {
      ask = false;
      options.app.quit();
    },
  };
}

async function confirm(window: BrowserWindow | null, clusters: readonly string[]): Promise<boolean> {
  const one = clusters.length === 1;
  const question = {
    type: 'question' as const,
    message: one ? `Stop ${clusters[0]} and quit?` : `Stop ${clusters.length} clusters and quit?`,
    detail: `${clusters.join(', ')} ${one ? 'is' : 'are'} running on this computer and will be stopped in order. All data is kept.`,
    buttons: [one ? 'Stop it and quit' : 'Stop them and quit', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  };
  const { response } =
    window === null || window.isDestroyed()
      ? await dialog.showMessageBox(question)
      : await dialog.showMessageBox(window, question);
  return response === 0;
}
