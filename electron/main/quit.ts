import { dialog, type App, type BrowserWindow } from 'electron';

export interface QuitGuard {
  /** For signals: whoever sends one has decided, and may have no window to look at. */
  quitWithoutAsking(): void;
}

/**
 * Quitting asks when clusters run: stop them in order, or leave them running in the background.
 * A node is a process of this application and ends with it, so that to leave it running means
 * that only the window goes; starting the application again brings it back.
 */
export function guardQuit(options: {
  readonly app: App;
  readonly window: () => BrowserWindow | null;
  readonly ownedClusters: () => string[];
  /** Lets the window go and the clusters run. */
  readonly leaveRunning: () => Promise<void>;
  /** Closes everything; Electron exits afterwards. */
  readonly close: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}): QuitGuard {
  let phase: 'running' | 'asking' | 'closing' = 'running';
  let ask = true;
  const quit = async (): Promise<void> => {
    const clusters = options.ownedClusters();
    const answer = ask && clusters.length > 0 ? await confirm(options.window(), clusters) : 'stop';
    if (answer !== 'stop' && ask) {
      phase = 'running';
      if (answer === 'leave') await options.leaveRunning();
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

const answers = ['stop', 'leave', 'cancel'] as const;

async function confirm(window: BrowserWindow | null, clusters: readonly string[]): Promise<(typeof answers)[number]> {
  const one = clusters.length === 1;
  const question = {
    type: 'question' as const,
    message: one ? `Stop ${clusters[0]} and quit?` : `Stop ${clusters.length} clusters and quit?`,
    detail: `${clusters.join(', ')} ${one ? 'is' : 'are'} running on this computer. Stopped, ${
      one ? 'it keeps' : 'they keep'
    } all data. Left running, ${one ? 'it goes' : 'they go'} on in the background; open PrkDB Desktop again to see ${
      one ? 'it' : 'them'
    }.`,
    buttons: [
      one ? 'Stop it and quit' : 'Stop them and quit',
      one ? 'Leave it running' : 'Leave them running',
      'Cancel',
    ],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
  const { response } =
    window === null || window.isDestroyed()
      ? await dialog.showMessageBox(question)
      : await dialog.showMessageBox(window, question);
  return answers[response] ?? 'cancel';
}
