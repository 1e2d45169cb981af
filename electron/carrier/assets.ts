import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { newNonce, securityHeaders } from './csp.ts';

/** What vite leaves in index.html for the host to fill in. */
const NONCE_PLACEHOLDER = '__CSP_NONCE__';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

export interface Asset {
  readonly status: 200 | 400 | 404;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * The built interface of one directory. Paths that name no file are the screens of the
 * application and get index.html; nothing outside of the directory is ever read, also
 * not through a link inside it. Source maps and files of unknown kind are not served.
 */
export class Assets {
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  /** `pathname` as it came in the URL, still percent-encoded. */
  async get(pathname: string): Promise<Asset> {
    const relative = decode(pathname);
    if (relative === null) return plain(400, 'The address is not valid.');
    const extension = path.posix.extname(relative);
    // A screen's path has no file ending, or one that only looks like it (a key such as "v1.2").
    if (CONTENT_TYPES[extension] === undefined && !relative.startsWith('/assets/')) return this.#index();
    if (relative === '/index.html') return this.#index();
    const file = await this.#inside(relative);
    if (file === null) return plain(404, 'There is no such file.');
    return {
      status: 200,
      headers: {
        ...securityHeaders(),
        'Content-Type': CONTENT_TYPES[extension]!,
        // vite puts a hash of the content into the names below /assets.
        'Cache-Control': relative.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      },
      body: new Uint8Array(await readFile(file)),
    };
  }

  async #index(): Promise<Asset> {
    const file = await this.#inside('/index.html');
    if (file === null) return plain(404, 'The interface is not built. Run: npm run build');
    const nonce = newNonce();
    const html = (await readFile(file, 'utf8')).replaceAll(NONCE_PLACEHOLDER, nonce);
    return {
      status: 200,
      headers: {
        ...securityHeaders(nonce),
        'Content-Type': CONTENT_TYPES['.html']!,
        'Cache-Control': 'no-store',
      },
      body: new TextEncoder().encode(html),
    };
  }

  /** The file's real path when it is a file of a known kind below the root, else null. */
  async #inside(relative: string): Promise<string | null> {
    if (CONTENT_TYPES[path.posix.extname(relative)] === undefined) return null;
    try {
      const root = await realpath(this.#root);
      const file = await realpath(path.join(root, relative));
      const fromRoot = path.relative(root, file);
      if (fromRoot === '' || fromRoot.startsWith('..') || path.isAbsolute(fromRoot)) return null;
      return (await stat(file)).isFile() ? file : null;
    } catch {
      return null;
    }
  }
}

/** Null for what is no plain path: bad encoding, a null byte, a backslash, a step upwards. */
function decode(pathname: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (!decoded.startsWith('/') || /[\0\\]/.test(decoded)) return null;
  return decoded.split('/').includes('..') ? null : decoded;
}

function plain(status: 400 | 404, message: string): Asset {
  return {
    status,
    headers: { ...securityHeaders(), 'Content-Type': CONTENT_TYPES['.txt']!, 'Cache-Control': 'no-store' },
    body: new TextEncoder().encode(`${message}\n`),
  };
}
