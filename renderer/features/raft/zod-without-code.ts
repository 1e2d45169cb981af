import { config } from 'zod';

/** To be evaluated before any schema is made: merely trying to compile one is against the page's policy. */
config({ jitless: true });
