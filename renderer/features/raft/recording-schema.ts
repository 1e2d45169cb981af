import './zod-without-code.ts';

export { raftRecordingFileSchema } from '../../../electron/contract/recording.ts';
