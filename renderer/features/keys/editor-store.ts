import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { EditorState } from './editor-state.ts';

/**
 * The open editors by cluster and key. They outlive the screen, so that unsaved edits are
 * there again after a look elsewhere.
 */
const store = createStore<{ readonly editors: Readonly<Record<string, EditorState>> }>(() => ({ editors: {} }));

function id(cluster: string, key: string): string {
  return `${cluster}/${key}`;
}

export function useEditorState(cluster: string, key: string): EditorState | undefined {
  return useStore(store, (state) => state.editors[id(cluster, key)]);
}

/** The keys of a cluster that have unsaved edits or are open. */
export function useOpenKeys(cluster: string, isWanted: (state: EditorState) => boolean): ReadonlySet<string> {
  const editors = useStore(store, (state) => state.editors);
  const prefix = `${cluster}/`;
  return new Set(
    Object.entries(editors)
      .filter(([name, state]) => name.startsWith(prefix) && isWanted(state))
      .map(([name]) => name.slice(prefix.length)),
  );
}

export function changeEditor(
  cluster: string,
  key: string,
  change: (state: EditorState | undefined) => EditorState | undefined,
): void {
  store.setState(({ editors }) => {
    const { [id(cluster, key)]: now, ...others } = editors;
    const next = change(now);
    return { editors: next === undefined ? others : { ...others, [id(cluster, key)]: next } };
  });
}
