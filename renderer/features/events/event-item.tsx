import type { StoryEvent } from '../../../electron/contract/model.ts';
import { cx } from '../../ui/cx.ts';
import { formatTime } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { eventIcons } from './event-icon.ts';
import styles from './event-item.module.css';

/** One sentence of the feed. `aside` stands at the right of the time: an offset, or how long ago. */
export function EventItem({ event, aside }: { event: StoryEvent; aside: string }) {
  const { icon, tone } = eventIcons[event.kind];
  return (
    <div className={styles.event}>
      <span className={cx(styles.icon, styles[tone])}>
        <Icon name={icon} size={14} />
      </span>
      <div>
        <div className={styles.when}>
          <time dateTime={new Date(event.timeMs).toISOString()}>{formatTime(event.timeMs)}</time>
          <span>{aside}</span>
        </div>
        <p>
          {event.parts.map((part, i) =>
            // eslint-disable-next-line react/no-array-index-key -- parts of a sentence never move
            part.strong ? <b key={i}>{part.text}</b> : <span key={i}>{part.text}</span>,
          )}
        </p>
      </div>
    </div>
  );
}
