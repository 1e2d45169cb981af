import { showError, showToast } from './toast.tsx';

/** Puts text on the clipboard and says so, or says why not. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast({ tone: 'done', title: done });
  } catch (error) {
    showError('Nothing was copied.', error);
  }
}
