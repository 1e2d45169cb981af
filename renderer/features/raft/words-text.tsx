import type { Words } from './words.ts';
import styles from './raft.module.css';

/** Sentences with their names in bold. */
export function WordsText({ words }: { words: Words }) {
  return words.map((word, i) => {
    // eslint-disable-next-line react/no-array-index-key -- a word has no identity but its place
    if (word.look !== 'plain')
      return (
        <b key={i} className={word.look === 'accent' ? styles.accent : undefined}>
          {word.text}
        </b>
      );
    return word.text;
  });
}
