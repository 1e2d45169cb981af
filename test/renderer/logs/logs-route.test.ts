import { expect, it } from 'vitest';
import { readLogsRoute, writeLogsRoute } from '../../../renderer/features/logs/logs-route.ts';

it('is read back as it was written, and leaves what is not its own alone', () => {
  const route = { node: 2, level: 'warn', words: 'élection a&b', follow: false } as const;
  const written = writeLogsRoute(new URLSearchParams('dialog=settings'), route);
  expect(readLogsRoute(new URLSearchParams(written.toString()))).toEqual(route);
  expect(written.get('dialog')).toBe('settings');
  expect(writeLogsRoute(written, { level: 'debug', words: '', follow: true, node: null }).toString()).toBe(
    'dialog=settings',
  );
});

it('takes what makes no sense for nothing', () => {
  expect(readLogsRoute(new URLSearchParams('node=x&level=loud&follow=perhaps'))).toEqual({
    node: null,
    level: 'debug',
    words: '',
    follow: true,
  });
});
