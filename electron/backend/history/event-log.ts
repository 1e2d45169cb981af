import { storyEventSchema, type StoryEvent } from '../../contract/model.ts';
import { LineLog } from './line-log.ts';

/** What the feed keeps. */
export const EVENT_CAPACITY = 2_000;

/** The feed of one cluster. */
export class EventLog extends LineLog<StoryEvent> {
  static async open(file: string, onError: (error: unknown) => void): Promise<EventLog> {
    const log = new EventLog(file, storyEventSchema, EVENT_CAPACITY, onError);
    await log.load();
    return log;
  }
}
