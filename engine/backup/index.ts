/** Backups of whole clusters, and their way back. */
export { makeBackup, type BackupOptions, type BackupProgress, type MadeBackup } from './backup.ts';
export {
  checkBackup,
  restoreBackup,
  type RestoreOptions,
  type RestoreProgress,
  type RestoreReport,
} from './restore.ts';
export { BackupError, DamagedBackupError, KeysInTheWayError } from './errors.ts';
export type { BackedUpPartition, Manifest } from './format.ts';
