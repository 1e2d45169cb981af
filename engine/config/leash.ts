/** The one thing that an owner says to a node on its leash: it goes on by itself from now on. */
export const LET_GO = 'let go\n';
