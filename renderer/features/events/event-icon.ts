import type { StoryEvent } from '../../../electron/contract/model.ts';
import type { IconName } from '../../ui/icon.tsx';

/** Each kind has a shape of its own; the tone only supports it. */
export const eventIcons: Readonly<
  Record<StoryEvent['kind'], { readonly icon: IconName; readonly tone: 'plain' | 'bad' | 'good' | 'warn' }>
> = {
  fault: { icon: 'kill', tone: 'bad' },
  suspect: { icon: 'half', tone: 'warn' },
  candidate: { icon: 'triangle', tone: 'plain' },
  splitVote: { icon: 'triangle', tone: 'warn' },
  elected: { icon: 'hexagon', tone: 'plain' },
  leaderless: { icon: 'alert', tone: 'bad' },
  handover: { icon: 'swap', tone: 'plain' },
  recovered: { icon: 'checkCircle', tone: 'good' },
  started: { icon: 'play', tone: 'plain' },
  stopped: { icon: 'stop', tone: 'plain' },
  paused: { icon: 'pause', tone: 'bad' },
  resumed: { icon: 'play', tone: 'plain' },
  load: { icon: 'users', tone: 'plain' },
  notice: { icon: 'info', tone: 'plain' },
  error: { icon: 'alert', tone: 'bad' },
};
