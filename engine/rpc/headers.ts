/** In the trailer of a call that was refused before anything of it was looked at. */
export const ACCESS_HEADER = 'prkdb-access';
/** In the trailer of a call that is for the leader of the system group: where that one is dialed. */
export const LEADER_HEADER = 'prkdb-leader';
