import { fileURLToPath } from 'node:url';

/** Where pictures go. Not under version control. */
export const resultsDir = fileURLToPath(new URL('../../../test-results/', import.meta.url));
