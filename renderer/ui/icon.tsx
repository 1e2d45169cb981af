import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './icon.module.css';

/** Drawn on a 16-unit grid with a 1.4 stroke. */
const drawings = {
  alert: <path d="M8 2.2 14.4 13.2H1.6zM8 6.4v3.2M8 11.4v.01" />,
  bell: (
    <path d="M8 2.2a3.8 3.8 0 0 0-3.8 3.8c0 3.4-1.4 4.8-1.4 4.8h10.4s-1.4-1.4-1.4-4.8A3.8 3.8 0 0 0 8 2.2zM6.6 13.2a1.5 1.5 0 0 0 2.8 0" />
  ),
  bellOff: (
    <path d="M4.4 4.9A3.8 3.8 0 0 1 11.8 6c0 1.4.2 2.4.5 3.2M10.6 10.8H2.8S4.2 9.4 4.2 6M6.6 13.2a1.5 1.5 0 0 0 2.8 0M2.2 2.2l11.6 11.6" />
  ),
  check: <path d="m3 8.6 3.2 3.2L13 4.8" />,
  checkCircle: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="m5.4 8.3 1.8 1.8 3.5-3.8" />
    </>
  ),
  chevronDown: <path d="M4.2 6.2 8 10l3.8-3.8" />,
  chevronRight: <path d="M6.2 4.2 10 8l-3.8 3.8" />,
  cluster: (
    <>
      <circle cx="8" cy="3.4" r="1.8" />
      <circle cx="3.4" cy="12" r="1.8" />
      <circle cx="12.6" cy="12" r="1.8" />
      <path d="M7.1 5 4.3 10.4M8.9 5l2.8 5.4M5.2 12h5.6" />
    </>
  ),
  copy: (
    <>
      <rect x="5.6" y="5.6" width="8" height="8" rx="1.6" />
      <path d="M10.4 5.6V3.4a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.2" />
    </>
  ),
  disk: (
    <>
      <ellipse cx="8" cy="4" rx="5.4" ry="2" />
      <path d="M2.6 4v8c0 1.1 2.4 2 5.4 2s5.4-.9 5.4-2V4M2.6 8c0 1.1 2.4 2 5.4 2s5.4-.9 5.4-2" />
    </>
  ),
  download: <path d="M8 2.4V10M4.8 7 8 10.2 11.2 7M3 13.2h10" />,
  edit: <path d="M2.6 13.4 3.4 10.4 10.8 3a1.5 1.5 0 0 1 2.2 2.2L5.6 12.6zM9.4 4.4l2.2 2.2" />,
  file: <path d="M4 1.8h5l3 3v9.4H4zM9 1.8v3h3" />,
  folder: <path d="M2 4.4a1 1 0 0 1 1-1h3L7.4 5H13a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5" />
      <path d="M8 3a5 5 0 0 0 0 10z" fill="currentColor" />
    </>
  ),
  heal: <path d="M8 13.4 2.9 8.5a3.1 3.1 0 0 1 4.4-4.4l.7.7.7-.7a3.1 3.1 0 0 1 4.4 4.4z" />,
  hexagon: <path d="m8 1.8 5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9z" />,
  history: <path d="M2.6 8a5.4 5.4 0 1 0 1.7-3.9M2.4 2.6v2.7h2.7M8 5.2V8l2 1.3" />,
  info: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 7.4v3.6M8 5v.01" />
    </>
  ),
  isolate: (
    <path d="M6.6 9.4 4.9 11.1a2.4 2.4 0 0 1-3.4-3.4l1.7-1.7M9.4 6.6l1.7-1.7a2.4 2.4 0 0 1 3.4 3.4l-1.7 1.7M5.2 2v1.8M2 5.2h1.8M10.8 14v-1.8M14 10.8h-1.8" />
  ),
  key: (
    <>
      <circle cx="5.2" cy="10.8" r="2.8" />
      <path d="M7.2 8.8 13.2 2.8M11 5l2 2" />
    </>
  ),
  keyboard: (
    <>
      <rect x="1.8" y="4" width="12.4" height="8.4" rx="1.4" />
      <path d="M4.4 6.8h.01M6.8 6.8h.01M9.2 6.8h.01M11.6 6.8h.01M5.4 9.8h5.2" />
    </>
  ),
  kill: <path d="M5.6 1.8h4.8l3.8 3.8v4.8l-3.8 3.8H5.6l-3.8-3.8V5.6zM6 6l4 4M10 6l-4 4" />,
  lock: (
    <>
      <rect x="3.4" y="7" width="9.2" height="6.6" rx="1.4" />
      <path d="M5.4 7V5a2.6 2.6 0 0 1 5.2 0v2" />
    </>
  ),
  logs: <path d="M3 4h10M3 8h10M3 12h6" />,
  minus: <path d="M3.2 8h9.6" />,
  moon: <path d="M13 9.6A5.4 5.4 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2" />,
  panel: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.6" />
      <path d="M10 3v10" />
    </>
  ),
  pause: <path d="M5.6 3.4v9.2M10.4 3.4v9.2" />,
  play: <path d="M5 3.2v9.6L12.6 8z" />,
  plus: <path d="M8 3.2v9.6M3.2 8h9.6" />,
  restart: <path d="M13.2 8A5.2 5.2 0 1 1 11.6 4.3M13.2 2.2v3h-3" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.4" />
      <path d="M10.4 10.4 14 14" />
    </>
  ),
  sidebar: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.6" />
      <path d="M6 3v10" />
    </>
  ),
  sliders: (
    <>
      <path d="M2.4 5h6M12 5h1.6M2.4 11H5M8.6 11h5" />
      <circle cx="10.2" cy="5" r="1.8" />
      <circle cx="6.8" cy="11" r="1.8" />
    </>
  ),
  stepBack: <path d="M11.6 3.6 6 8l5.6 4.4zM3.6 3.6v8.8" />,
  stepForward: <path d="M4.4 3.6 10 8l-5.6 4.4zM12.4 3.6v8.8" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1.2" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.6v1.6M8 12.8v1.6M1.6 8h1.6M12.8 8h1.6M3.5 3.5l1.1 1.1M11.4 11.4l1.1 1.1M12.5 3.5l-1.1 1.1M4.6 11.4l-1.1 1.1" />
    </>
  ),
  swap: <path d="M3 5.4h9.6M10 2.8l2.6 2.6L10 8M13 10.6H3.4M6 8l-2.6 2.6L6 13.2" />,
  system: (
    <>
      <rect x="1.8" y="3" width="12.4" height="8" rx="1.2" />
      <path d="M5.6 13.6h4.8" />
    </>
  ),
  table: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.4" />
      <path d="M2 6.4h12M2 9.8h12M6.4 6.4V13" />
    </>
  ),
  target: (
    <>
      <circle cx="8" cy="8" r="6" />
      <circle cx="8" cy="8" r="2.4" />
    </>
  ),
  trash: <path d="M2.8 4.3h10.4M6 4.3V2.6h4v1.7M4.2 4.3l.6 9.1h6.4l.6-9.1" />,
  triangle: <path d="M8 2.6 14 13H2z" />,
  users: (
    <>
      <circle cx="6" cy="5.4" r="2.4" />
      <path d="M1.8 13c.4-2.6 2-4 4.2-4s3.8 1.4 4.2 4M10.6 3.2a2.4 2.4 0 0 1 0 4.4M12 9.4c1.3.5 2 1.8 2.2 3.6" />
    </>
  ),
  wave: <path d="M1.6 8h2.6l1.8-4.6 3.4 9.2L11.6 8h2.8" />,
  x: <path d="m4 4 8 8M12 4l-8 8" />,
  xCircle: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" />
    </>
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof drawings;

/** Decoration only: the control that holds it carries the name. */
export function Icon({ name, size = 16, className }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg className={cx(styles.icon, className)} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}
