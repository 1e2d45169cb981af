import { useEffect, useState } from 'react';
import type { ApiError } from '../../../electron/contract/contract.ts';
import { useApi } from '../../api/context.tsx';
import { toApiError } from '../../api/errors.ts';
import type { Recording } from './recording.ts';
import { RecordingLoader } from './recording-loader.ts';

const POLL_MS = 1_000;

export interface RecordingState {
  readonly recording: Recording;
  /** Whether all that there was has been fetched once. */
  readonly isLoaded: boolean;
  readonly error: ApiError | null;
}

/** The partition's recording as it grows, while the screen is there. */
export function useRecording(cluster: string, partition: number): RecordingState {
  const api = useApi();
  const [state, setState] = useState<RecordingState>({ recording: [], isLoaded: false, error: null });
  useEffect(() => {
    const loader = new RecordingLoader(api, cluster, partition);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const sync = async () => {
      try {
        const recording = await loader.sync((part) => {
          if (!isOver) setState((before) => ({ ...before, recording: part }));
        });
        if (!isOver)
          setState((before) =>
            before.isLoaded && before.recording === recording && before.error === null
              ? before
              : { recording, isLoaded: true, error: null },
          );
      } catch (error) {
        if (!isOver) setState((before) => ({ ...before, error: toApiError(error) }));
      }
      if (!isOver) timer = setTimeout(() => void sync(), POLL_MS);
    };
    void sync();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [api, cluster, partition]);
  return state;
}
