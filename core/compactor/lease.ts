/**
 * A lease in the bucket, so that two compactors never work on it at once. It is a row of numbered
 * terms, each an object with its holder and its end, made by create-if-absent:
 *
 *     lokits/lease/000000000041  { holder: "a", atMs: 1795418131500, endMs: 1795418191500 }
 *     lokits/lease/000000000042  { holder: "a", atMs: 1795418151500, endMs: 1795418211500 }   a goes on
 *     lokits/lease/000000000043  { holder: "b", atMs: 1795418340000, endMs: 1795418400000 }   after 42
 *
 * The highest term is the one that counts. Going on is a term of its own, so whoever slept past its end
 * finds the next number taken and knows. The last few terms stay: a number is not used twice while
 * somebody who looked long ago may still try it, and whoever makes a term looks once more for a higher.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts";
import { Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type {
  GetOptions,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PutOptions,
} from "../ports/object-store.ts";
import { LEASES } from "./places.ts";

/** How long a term lasts, how often the holder goes on, and how far two clocks may lie apart. */
export const TERM_MS = 60_000;
const RENEW_MS = 15_000;
const SKEW_MS = 5_000;

const TERMS_KEPT = 8;

interface Term {
  readonly number: number;
  readonly holder: string;
  /** When it was made, and its end; Unix milliseconds. The end is 0 for a term that was given back. */
  readonly atMs: number;
  readonly endMs: number;
}

export interface LeaseParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Names this process, for whoever waits for it. */
  readonly holder: string;
  /**
   * For so long after another gave the lease back it is left to that one, 0 unless given: of several
   * servers one then stays the compactor while it lives.
   */
  readonly yieldMs?: number;
}

/** Who holds the lease when we do not. */
export interface HeldBy {
  readonly holder: string;
  readonly endMs: number;
}

export class Lease {
  readonly #parts: LeaseParts;
  readonly #done = new AbortController();
  #term: number;
  /** By the clock that only goes forward. */
  #endTicksMs: number;
  #lost: string | undefined;
  #renewing: Promise<void> = Promise.resolve();

  private constructor(parts: LeaseParts, term: number, endTicksMs: number) {
    this.#parts = parts;
    this.#term = term;
    this.#endTicksMs = endTicksMs;
  }

  /** The lease, or who has it. It goes on by itself until it is given back. */
  static async take(parts: LeaseParts): Promise<Lease | HeldBy> {
    const terms = await termsOf(parts.store);
    const highest = terms.at(-1) ?? 0;
    const last = await readTerm(parts.store, highest);
    const nowMs = parts.clock.nowMs();
    if (last !== undefined && last.endMs > 0 && nowMs < last.endMs + SKEW_MS) return last;
    if (last?.endMs === 0 && last.holder !== parts.holder) {
      const endMs = last.atMs + (parts.yieldMs ?? 0);
      if (nowMs < endMs) return { holder: last.holder, endMs };
    }
    const startMs = parts.clock.ticksMs();
    if (!(await makeTerm(parts, highest + 1, nowMs + TERM_MS))) {
      return (await readTerm(parts.store, highest + 1)) ?? { holder: "another", endMs: nowMs };
    }
    const lease = new Lease(parts, highest + 1, startMs + TERM_MS);
    lease.#renewing = lease.#renew();
    return lease;
  }

  /** Throws Unavailable unless the lease is ours now. */
  check(): void {
    if (this.#lost !== undefined) throw new Unavailable(`lease lost: ${this.#lost}`);
    if (this.#parts.clock.ticksMs() >= this.#endTicksMs) {
      throw new Unavailable(`lease lost: term ${this.#term} has ended`);
    }
  }

  /** The store, for as long as the lease is ours: afterwards every write is refused. */
  guard(store: ObjectStore): ObjectStore {
    return new GuardedStore(store, () => this.check());
  }

  /** Lets the next one begin at once. */
  async release(): Promise<void> {
    this.#done.abort();
    await this.#renewing;
    if (this.#lost !== undefined) return;
    try {
      await makeTermInRoom(this.#parts, this.#term + 1, 0);
      await forgetBefore(this.#parts.store, this.#term - TERMS_KEPT);
    } catch {
      // Not given back, it ends by itself.
    }
  }

  async #renew(): Promise<void> {
    const { clock, store } = this.#parts;
    for (;;) {
      await clock.sleep(RENEW_MS, this.#done.signal);
      if (this.#done.signal.aborted) return;
      const startMs = clock.ticksMs();
      try {
        if (!(await makeTermInRoom(this.#parts, this.#term + 1, clock.nowMs() + TERM_MS))) {
          this.#lost = `term ${this.#term + 1} is another's`;
          return;
        }
        this.#term++;
        this.#endTicksMs = startMs + TERM_MS;
        await forgetBefore(store, this.#term - TERMS_KEPT);
      } catch {
        // The store does not answer. The term lasts some more, and there are tries before it ends.
      }
    }
  }
}

/** False when the number is another's, or a higher one is there. */
async function makeTerm(
  { store, holder, clock }: LeaseParts,
  number: number,
  endMs: number,
): Promise<boolean> {
  const bytes = utf8(`${JSON.stringify({ holder, atMs: clock.nowMs(), endMs })}\n`);
  if (!(await store.put(keyOf(number), bytes, { ifAbsent: true }))) {
    // A put whose answer was lost is ours all the same.
    const made = await readTerm(store, number);
    if (made?.holder !== holder || made.endMs !== endMs) return false;
  }
  return (await termsOf(store)).at(-1) === number;
}

/** For who has the lease: on a full store terms that do not count make room for the next one. */
async function makeTermInRoom(parts: LeaseParts, number: number, endMs: number): Promise<boolean> {
  try {
    return await makeTerm(parts, number, endMs);
  } catch {
    for (const key of await oldTerms(parts.store)) await parts.store.delete(key);
    return await makeTerm(parts, number, endMs);
  }
}

async function termsOf(store: ObjectStore): Promise<number[]> {
  const terms: number[] = [];
  for await (const { key } of store.list(LEASES)) {
    const digits = /^\d{12}$/.exec(key.slice(LEASES.length));
    if (digits !== null) terms.push(Number(digits[0]));
  }
  return terms;
}

/**
 * Terms that do not count any more: all but the highest. One that is made again under such a number
 * finds the higher one.
 */
export async function oldTerms(store: ObjectStore): Promise<string[]> {
  return (await termsOf(store)).slice(0, -1).map(keyOf);
}

async function readTerm(store: ObjectStore, number: number): Promise<Term | undefined> {
  const bytes = await store.get(keyOf(number));
  if (bytes === undefined) return undefined;
  try {
    const { holder, atMs, endMs } = JSON.parse(fromUtf8(bytes)) as Record<string, unknown>;
    return { number, holder: String(holder), atMs: Number(atMs), endMs: Number(endMs) };
  } catch {
    // No process of ours wrote this; there is no end to wait for.
    return { number, holder: "nobody", atMs: 0, endMs: 0 };
  }
}

async function forgetBefore(store: ObjectStore, number: number): Promise<void> {
  for (const term of await termsOf(store)) if (term < number) await store.delete(keyOf(term));
}

function keyOf(number: number): string {
  return `${LEASES}${number.toString().padStart(12, "0")}`;
}

/** A store whose writes are asked for permission. */
class GuardedStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #check: () => void;

  constructor(store: ObjectStore, check: () => void) {
    this.#store = store;
    this.#check = check;
  }

  get(key: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#store.get(key, options);
  }

  async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<boolean> {
    this.#check();
    return this.#store.put(key, bytes, options);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    return this.#store.list(prefix, options);
  }

  folders(prefix: string): Promise<{ folders: string[]; objects: ObjectInfo[] }> {
    return this.#store.folders(prefix);
  }

  async delete(key: string): Promise<void> {
    this.#check();
    return this.#store.delete(key);
  }
}
