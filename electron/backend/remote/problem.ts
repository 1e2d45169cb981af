/** What is wrong, and what to do about it. */
export interface Problem {
  readonly message: string;
  readonly hint: string | null;
}
