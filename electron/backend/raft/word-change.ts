import type { RaftWord } from '../../contract/model.ts';

/** A timer below this share of the longest is worth a record of its own: heartbeats are missing. */
const LOW_TIMER = 1 / 3;

/**
 * What of a replica's words is new; null when nothing is worth a record. A timer that only
 * runs between two heartbeats is not.
 */
export function wordChange(
  before: RaftWord | null,
  now: RaftWord,
  electionTimeoutMs: number,
): Partial<RaftWord> | null {
  if (before === null) return now;
  const changed = Object.fromEntries(
    (Object.keys(now) as (keyof RaftWord)[]).flatMap((key) =>
      contentOf(before, key) === contentOf(now, key) ? [] : [[key, now[key]]],
    ),
  ) as Partial<RaftWord>;
  const keys = Object.keys(changed);
  if (keys.length === 0) return null;
  const onlyTimer = keys.length === 1 && changed.electionLeftMs !== undefined;
  return onlyTimer && now.electionLeftMs >= electionTimeoutMs * LOW_TIMER ? null : changed;
}

function contentOf(word: RaftWord, key: keyof RaftWord): unknown {
  if (key !== 'progress') return word[key];
  // Whether a follower was active of late is renewed all the time, and shown nowhere.
  const percent = (share = 0) => Math.floor(share * 100);
  return word.progress
    .map((p) => `${p.node}/${p.matchIndex}/${p.nextIndex}/${p.state}/${p.inFlight}/${percent(p.snapshotShare)}`)
    .join();
}
