import { createStore } from 'zustand/vanilla';

/** Something that is done only after a yes. */
export interface Question {
  /** "Kill n1?" */
  readonly title: string;
  readonly text: string;
  /** On the button that says yes. */
  readonly action: string;
  readonly run: () => void;
}

export const askStore = createStore<{ question: Question | null }>(() => ({ question: null }));

/** One question at a time: the last one asked is the one that shows. */
export function ask(question: Question): void {
  askStore.setState({ question });
}

export function endAsking(): void {
  askStore.setState({ question: null });
}
