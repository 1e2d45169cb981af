import type { Api } from '../../../electron/contract/contract.ts';
import type { RaftSegment } from '../../../electron/contract/recording.ts';
import type { Recording } from './recording.ts';

interface Loaded {
  segment: RaftSegment;
  after: number;
  /** It was read to its end after a newer segment had begun. */
  isWhole: boolean;
}

/** Fetches one partition's recording, and later only what is new of it. */
export class RecordingLoader {
  readonly #api: Api;
  readonly #cluster: string;
  readonly #partition: number;
  #loaded: Loaded[] = [];
  #current: Recording = [];

  constructor(api: Api, cluster: string, partition: number) {
    this.#api = api;
    this.#cluster = cluster;
    this.#partition = partition;
  }

  /** Fetches until the end; the very same object as before when nothing is new. `onPart` hears of what is there while more is on its way. Rejects with an ApiError. */
  async sync(onPart: (recording: Recording) => void): Promise<Recording> {
    const listed = await this.#api.query('raft.segments', { cluster: this.#cluster });
    const newest = listed.at(-1)?.id;
    let isNew = listed.length !== this.#loaded.length;
    this.#loaded = listed.map(
      ({ id }) =>
        this.#loaded.find((one) => one.segment.id === id) ?? { segment: { id, records: [] }, after: 0, isWhole: false },
    );
    // The newest first: what just happened is what is looked for.
    for (const loaded of this.#loaded.toReversed()) {
      if (loaded.isWhole) continue;
      const grew = await this.#fetch(loaded);
      loaded.isWhole = loaded.segment.id !== newest;
      if (!grew) continue;
      isNew = true;
      onPart(this.#assemble());
    }
    return isNew ? this.#assemble() : this.#current;
  }

  #assemble(): Recording {
    this.#current = this.#loaded.map(({ segment }) => segment).filter(({ records }) => records.length > 0);
    return this.#current;
  }

  async #fetch(loaded: Loaded): Promise<boolean> {
    let grew = false;
    for (;;) {
      const page = await this.#api.query('raft.records', {
        cluster: this.#cluster,
        partition: this.#partition,
        segment: loaded.segment.id,
        after: loaded.after,
      });
      loaded.after = page.after;
      if (page.records.length > 0) {
        grew = true;
        loaded.segment = { ...loaded.segment, records: [...loaded.segment.records, ...page.records] };
      }
      if (page.isEnd) return grew;
    }
  }
}
