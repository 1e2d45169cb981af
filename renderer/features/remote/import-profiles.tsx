import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import { formatList, plural } from '../../ui/format.ts';
import { showError, showToast } from '../../ui/toast.tsx';

/** Takes profiles from a file that was exported here. Their secrets are not in it. */
export function ImportProfiles({ onDone }: { onDone: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File) => {
    try {
      const { added, skipped } = await api.command('profiles.import', { content: await file.text() });
      await queries.invalidateQueries({ queryKey: ['profiles'] });
      const left =
        skipped.length === 0 ? '' : ` ${formatList(skipped)} ${skipped.length === 1 ? 'was' : 'were'} there.`;
      showToast({ tone: 'done', title: `${plural(added.length, 'profile')} added.${left}` });
      if (added.length > 0) onDone();
    } catch (error) {
      showError('No profile was added.', error);
    }
  };
  return (
    <>
      <Button variant="ghost" icon="folder" onClick={() => input.current?.click()}>
        Import profiles…
      </Button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (file !== undefined) void take(file);
        }}
      />
    </>
  );
}
