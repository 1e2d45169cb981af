import { useStore } from 'zustand';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { askStore, endAsking } from './ask-store.ts';
import styles from './ask-dialog.module.css';

/** The question that is open, if there is one. */
export function AskDialog() {
  const question = useStore(askStore, (state) => state.question);
  if (question === null) return null;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) endAsking();
      }}
      title={question.title}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={endAsking}>Cancel</Button>
          <Button
            variant="danger"
            onClick={() => {
              endAsking();
              question.run();
            }}
          >
            {question.action}
          </Button>
        </>
      }
    >
      <p className={styles.text}>{question.text}</p>
    </Dialog>
  );
}
