/** Why a start fails, with the keys that would mend it: a system's own words name a path, or nothing at all. */
export async function naming<T>(keys: string, begin: () => T | Promise<T>): Promise<T> {
  try {
    return await begin();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${keys}: ${reason}`, { cause: error });
  }
}
