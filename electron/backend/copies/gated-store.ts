import type { KeyStore } from '../../../engine/copy/index.ts';

/** The same store, where every write asks first: `check` throws when it may not be, also long after the beginning. */
export function gatedStore(store: KeyStore, check: () => void): KeyStore {
  return {
    title: store.title,
    identity: () => store.identity(),
    pages: (prefix, options) => store.pages(prefix, options),
    get: (key) => store.get(key),
    create: async (pair) => {
      check();
      return store.create(pair);
    },
    overwrite: async (pair) => {
      check();
      return store.overwrite(pair);
    },
    remove: async (key) => {
      check();
      return store.remove(key);
    },
    refusal: (pair) => store.refusal(pair),
    position: (prefix) => store.position(prefix),
    follow: (prefix, position, signal) => store.follow(prefix, position, signal),
    close: () => store.close(),
  };
}
