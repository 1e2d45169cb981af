/** Local clusters: their files, ports and processes. */
export { createSupervisor, type SupervisorOptions } from './supervisor.ts';
export { childProcessLauncher, nodeArguments, type ChildProcessOptions } from './launcher.ts';
export { connectionOf } from './access.ts';
export { endpointOf } from './certificates.ts';
export { SupervisorError, type SupervisorErrorCode } from './errors.ts';
export { defaultHome } from './home.ts';
export { describeExit } from './node-control.ts';
export type * from './types.ts';
export { basePortOf } from './members.ts';
