import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const stateSchema = z.object({
  x: z.number().int().optional(),
  y: z.number().int().optional(),
  width: z.number().int().min(640).max(16_384),
  height: z.number().int().min(480).max(16_384),
  maximized: z.boolean(),
});
export type WindowState = z.infer<typeof stateSchema>;

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const DEFAULT_STATE: WindowState = { width: 1440, height: 900, maximized: false };

/** Where the window was; the default when nothing sensible is known or that screen is gone. */
export function loadWindowState(file: string, screens: readonly Area[]): WindowState {
  let state: WindowState;
  try {
    state = stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return DEFAULT_STATE;
  }
  const { x, y, width, height } = state;
  if (x === undefined || y === undefined) return state;
  // A window whose title bar nobody can reach is lost.
  const isReachable = screens.some(
    (area) =>
      x < area.x + area.width - 80 && x + width > area.x + 80 && y >= area.y - 8 && y < area.y + area.height - 40,
  );
  return isReachable ? state : { width, height, maximized: state.maximized };
}

export async function saveWindowState(file: string, state: WindowState): Promise<void> {
  const temporary = `${file}.tmp`;
  await writeFile(temporary, JSON.stringify(state));
  await rename(temporary, file);
}
