/** The linearizability checker: pure, and of use wherever a history was recorded. */
export { checkHistory, UndecidedError, type CheckOptions, type CheckResult } from './check-history.ts';
export {
  InvalidHistoryError,
  type CasOperation,
  type DeleteOperation,
  type GetOperation,
  type Operation,
  type PutOperation,
} from './operation.ts';
