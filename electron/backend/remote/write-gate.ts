import { BackendError } from '../errors.ts';

/** How long a production cluster takes writes after its name was typed. */
const UNLOCKED_MS = 10 * 60_000;

export interface GateRules {
  readonly name: string;
  readonly readOnly: boolean;
  readonly isProduction: boolean;
}

/**
 * Whether a remote cluster may be changed from here. A read-only profile never allows it; a
 * production one only for a while after its name was typed.
 */
export class WriteGate {
  readonly #rules: GateRules;
  readonly #now: () => number;
  #unlockedUntilMs = 0;

  constructor(rules: GateRules, now: () => number) {
    this.#rules = rules;
    this.#now = now;
  }

  get isLocked(): boolean {
    return this.#rules.isProduction && this.#now() >= this.#unlockedUntilMs;
  }

  /** Throws where nothing is ever written from here. */
  checkReadOnly(): void {
    const { name, readOnly } = this.#rules;
    if (!readOnly) return;
    throw new BackendError(
      'readOnly',
      `The profile ${name} is read-only, so nothing there is changed.`,
      'Turn read-only off in its profile.',
    );
  }

  /** Throws the refusal in words. */
  check(): void {
    const { name } = this.#rules;
    this.checkReadOnly();
    if (this.isLocked) {
      throw new BackendError(
        'readOnly',
        `${name} is a production cluster: nothing there is changed until its name is typed.`,
        'Allow writing above, and type its name.',
      );
    }
  }

  /** For one long piece of work: throws unless the name that was typed is that of a production cluster, each time. */
  confirm(typedName: string | null): void {
    const { name, isProduction } = this.#rules;
    this.checkReadOnly();
    if (!isProduction || typedName === name) return;
    throw new BackendError('invalidInput', `This is not the name of the cluster.`, `Type ${name} to allow writing.`);
  }

  unlock(typedName: string): void {
    this.confirm(typedName);
    if (this.#rules.isProduction) this.#unlockedUntilMs = this.#now() + UNLOCKED_MS;
  }
}
