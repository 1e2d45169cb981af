type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/** The error of this class that the call threw, or null when it returned; another error is thrown on. */
export function refusalOf<E extends Error>(type: ErrorClass<E>, call: () => unknown): E | null {
  try {
    call();
    return null;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
}

/** The same of a promise. */
export async function rejectionOf<E extends Error>(type: ErrorClass<E>, call: Promise<unknown>): Promise<E | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
}
