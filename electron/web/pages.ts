import { newNonce, securityHeaders } from '../carrier/csp.ts';

export interface Page {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A page that says in plain words why the interface is not shown. Text only: nothing of the request is in it. */
export function messagePage(title: string, lines: readonly string[]): Page {
  const nonce = newNonce();
  return {
    headers: {
      ...securityHeaders(nonce),
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${escape(title)}</title>
<style nonce="${nonce}">
body { font: 15px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; }
</style>
</head>
<body>
<h1>${escape(title)}</h1>
${lines.map((line) => `<p>${escape(line)}</p>`).join('\n')}
</body>
</html>
`,
  };
}

export const NO_ACCESS: Page = messagePage('PrkDB Desktop needs its own address', [
  'This browser has not been admitted yet. Open the address that was printed in the terminal, with the part after "token=" in it.',
  'If you did just that and see this page, reload it.',
]);

export const USED_TOKEN: Page = messagePage('This address has been used or has expired', [
  'An address with a token opens PrkDB Desktop once. The terminal where it runs prints a fresh one each time.',
  'If the program was started again, use the address that it printed last.',
]);

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
