/**
 * Files with certificates, keys, hashes and tokens, read again and again so that they can be changed under
 * a running server. What is in them is compared, not their times: a mounted secret changes by a link that
 * is turned to another folder. A change that cannot be used keeps what was there, and is tried again when
 * the files change next, as a certificate and its key rarely change in the same moment.
 */
import { toHex } from "../bytes/text.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Meter } from "../ports/meter.ts";
import { sha256 } from "./digest.ts";

export type ReadText = (path: string) => Promise<string>;

/** Reads its files with the function it is given and puts what they say to use; throws when it cannot. */
export type Load = (read: ReadText) => Promise<void>;

export interface ReloadParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly meter: Meter;
  readonly read: ReadText;
}

/** By path; undefined for a file that was not to be had. */
type Texts = Map<string, string | undefined>;
type Digests = Map<string, string | undefined>;

async function digestsOf(texts: Texts): Promise<Digests> {
  const digests: Digests = new Map();
  for (const [path, text] of texts) {
    digests.set(path, text === undefined ? undefined : toHex(await sha256(text)));
  }
  return digests;
}

/** Files that only make sense together, such as a certificate and its key. */
export class ReloadedFiles {
  readonly #name: string;
  readonly #load: Load;
  readonly #parts: ReloadParts;
  /**
   * Every file that was asked for, with the digest of what it said at the last attempt; undefined when it was
   * not to be had. The texts themselves are secrets that nobody needs again.
   */
  #seen: Digests = new Map();

  /** The name is for the log and the metrics. */
  constructor(name: string, load: Load, parts: ReloadParts) {
    this.#name = name;
    this.#load = load;
    this.#parts = parts;
  }

  /** The first time: throws as `load` does. */
  async open(): Promise<void> {
    await this.#attempt(new Map());
    if (this.#seen.size > 0) this.#tell(true);
  }

  /** Loads again when a file says something else than at the last attempt; never throws. */
  async poll(): Promise<void> {
    const now = await this.#look();
    const digests = await digestsOf(now);
    if ([...digests].every(([path, digest]) => this.#seen.get(path) === digest)) return;
    const { journal } = this.#parts;
    const fields = { files: this.#name };
    try {
      await this.#attempt(now);
      this.#tell(true);
      journal.log("info", "files reloaded", fields);
    } catch (error) {
      this.#tell(false);
      journal.log("warn", "files not reloaded, what was there stays", { ...fields, err: error });
    }
  }

  /** What every file says that was asked for so far. */
  async #look(): Promise<Texts> {
    const { read } = this.#parts;
    const paths = [...this.#seen.keys()];
    const texts = await Promise.all(paths.map((path) => read(path).catch(() => undefined)));
    return new Map(paths.map((path, index) => [path, texts[index]]));
  }

  /** Once all that is known to have been seen, so that a failure at the first file is not one of each poll. */
  async #attempt(known: Texts): Promise<void> {
    try {
      await this.#load(async (path) => {
        const before = known.get(path);
        if (before !== undefined) return before;
        known.set(path, undefined);
        const text = await this.#parts.read(path);
        known.set(path, text);
        return text;
      });
    } finally {
      this.#seen = await digestsOf(known);
    }
  }

  #tell(isGood: boolean): void {
    const { clock, meter } = this.#parts;
    const labels = { files: this.#name };
    meter.gauge("lokits_files_last_reload_successful", isGood ? 1 : 0, labels);
    if (!isGood) return;
    const seconds = clock.nowMs() / 1000;
    meter.gauge("lokits_files_last_reload_success_timestamp_seconds", seconds, labels);
  }
}

/** Polls until the signal is aborted; a period of 0 never does. */
export async function reloadEvery(
  groups: readonly ReloadedFiles[],
  { periodMs, clock, signal }: { periodMs: number; clock: Clock; signal: AbortSignal },
): Promise<void> {
  if (periodMs <= 0) return;
  for (;;) {
    await clock.sleep(periodMs, signal);
    if (signal.aborted) return;
    for (const group of groups) await group.poll();
  }
}
