import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Fill } from './facts.ts';

/** How full the file system of a folder is; null where that cannot be asked. A folder that is not there yet is that of its parent. */
export async function diskFill(folder: string): Promise<Fill | null> {
  try {
    const { blocks, bfree, bavail } = await statfs(folder);
    const used = blocks - bfree;
    // As df counts it: what is kept for root is no room for us.
    const usable = used + bavail;
    return usable === 0 ? null : { what: `The disk of ${folder}`, of: 'disk', percent: (used / usable) * 100 };
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? null : diskFill(parent);
  }
}
