/**
 * The lease of a store that is full, where not even the lease can be written though what comes under it
 * would make room. Then things are deleted without it, one by one, until it fits:
 *
 *  - terms of the lease that do not count any more, then
 *  - chunks that a sweep would delete: marked long enough ago, and named by no index.
 *
 * Before each of them the lease is tried for, which fails otherwise when another has it: so nobody is at
 * work, and nobody can begin before there is room, which is when we get the lease ourselves.
 */
import { Unavailable } from "../model/errors.ts";
import { type HeldBy, Lease, type LeaseParts, oldTerms, TERM_MS } from "./lease.ts";
import { deleteChunk, dueChunks, type SweepOptions } from "./sweep.ts";

/** Whether a store has no room, by the words that disks and object stores have for it. */
export function isFull(error: unknown): boolean {
  return (
    error instanceof Unavailable && /\b(ENOSPC|EDQUOT|XMinioStorageFull)\b/.test(error.message)
  );
}

/** The lease and what was deleted for it, or who has it. Throws Unavailable when nothing may be deleted. */
export async function takeOnFull(
  parts: LeaseParts,
  sweeping: SweepOptions,
): Promise<{ readonly lease: Lease | HeldBy; readonly deleted: number }> {
  // Marks of somebody whose lease ended just now are left alone.
  const delayMs = Math.max(sweeping.delayMs, 2 * TERM_MS);
  let waiting: AsyncGenerator<() => Promise<void>> | undefined;
  for (let deleted = 0; ; deleted++) {
    try {
      return { lease: await Lease.take(parts), deleted };
    } catch (error) {
      if (!isFull(error)) throw error;
      waiting ??= deletable({ ...sweeping, delayMs });
      const next = await waiting.next();
      if (next.done === true) {
        throw new Unavailable(
          "store is full, and nothing in it may be deleted before something is written: no marked chunk is due",
          { cause: error },
        );
      }
      await next.value();
    }
  }
}

async function* deletable(sweeping: SweepOptions): AsyncGenerator<() => Promise<void>> {
  const { objects } = sweeping;
  for (const key of await oldTerms(objects)) yield () => objects.delete(key);
  for await (const chunk of dueChunks(sweeping)) yield () => deleteChunk(chunk, sweeping);
}
