/**
 * Verifies a bucket: the index is read first and held in columns, then the objects are listed, each one
 * that is wanted is read once and checked, and what was named and not seen is missing.
 *
 * A bucket may be written to meanwhile. Ingesters upload a chunk before the index that names it, so a
 * young chunk that nothing names is only counted; a compactor replaces index files, so what seems to
 * be missing is held against the index once more.
 */
import { crc32c } from "../bytes/crc32c.ts";
import { compareText, utf8 } from "../bytes/text.ts";
import { chunkKey } from "../chunk/keys.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import type { Clock } from "../ports/clock.ts";
import { checkIndex } from "./check-index.ts";
import { checkObject } from "./check-object.ts";
import { listChunks, namesOf, type StoredChunkInfo } from "./chunk-name.ts";
import { type Finding, isWrong } from "./finding.ts";
import { isForeign } from "./foreign.ts";
import { inFlight } from "./in-flight.ts";
import { type IndexFolder, type IndexPlace, listIndex } from "./index-walk.ts";
import { type ChunkId, RefTable } from "./ref-table.ts";

/** Objects read at a time, and their bytes. */
const WIDTH = 8;
const BYTES_MAX = 64 << 20;
/** The state is kept as often, in milliseconds: as much is read again after a kill. */
const SAVE_MS = 1000;
/** Index files that go away while they are read cause a new listing, so often. */
const LOOKS_MAX = 4;

export interface VerifyOptions extends IndexFolder {
  readonly clock: Clock;
  /** Of the objects that are read, in (0, 1]. Which ones, the seed says. All are listed. */
  readonly sample: { readonly share: number; readonly seed: number };
  /** Chunks that no index file names are orphans from this age on. */
  readonly graceMs: number;
  /** Chunks that a compactor has taken out of the index and will delete: they are no orphans. */
  readonly marked?: AsyncIterable<ChunkId>;
  readonly onFinding: (finding: Finding) => Promise<void> | void;
  /** Told of every object that was read; `total` is what is known of the bytes to read, 0 for nothing. */
  readonly onObject?: (bytes: number, total: number) => void;
  /** Where an earlier run ended. */
  readonly state?: VerifyState | undefined;
  readonly onState?: (state: VerifyState) => Promise<void> | void;
}

/** How far a run has come. Listings are made again by the next one, objects up to `after` not read again. */
export interface VerifyState {
  readonly seed: number;
  readonly after: string;
  readonly counts: ObjectCounts;
  /** What was found in objects up to `after`. */
  readonly findings: readonly Finding[];
}

interface ObjectCounts {
  /** Chunks that were read. */
  readonly read: number;
  readonly bytes: number;
  readonly blocks: number;
  readonly lines: number;
}

export interface VerifyReport extends ObjectCounts {
  /** False when the signal ended it. */
  readonly complete: boolean;
  readonly indexFiles: number;
  /** Chunks that the index names, and chunks that were listed. */
  readonly named: number;
  readonly listed: number;
  /** Chunks that nothing names and that are too young to be orphans. */
  readonly young: number;
  /** Chunks that nothing names and that a compactor is about to delete. */
  readonly marked: number;
  readonly findings: Readonly<Record<Finding["kind"], number>>;
  readonly sound: boolean;
}

export async function verifyBucket(options: VerifyOptions): Promise<VerifyReport> {
  return await new Verification(options).run();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #refs = new RefTable();
  #places: readonly IndexPlace[] = [];
  #counts: { -readonly [name in keyof ObjectCounts]: number };
  /** Of objects that were passed, for the state. */
  readonly #kept: Finding[];
  /** Of objects that are not passed yet, by name. */
  readonly #fresh = new Map<string, { findings: readonly Finding[]; counts: ObjectCounts }>();
  readonly #found: Record<Finding["kind"], number> = {
    missing: 0,
    truncated: 0,
    damaged: 0,
    differs: 0,
    orphaned: 0,
    foreign: 0,
    unusual: 0,
  };
  #listed = 0;
  #young = 0;
  readonly #marks = new RefTable();
  #marked = 0;
  #after: string;
  /** When the state was kept last. */
  #savedMs = 0;
  /** KiB of lines that the index knows, and that were read: they tell how much is left. */
  #kb = { all: 0, read: 0 };

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#counts = { ...(options.state?.counts ?? { read: 0, bytes: 0, blocks: 0, lines: 0 }) };
    this.#kept = [...(options.state?.findings ?? [])];
    this.#after = options.state?.after ?? "";
  }

  async run(): Promise<VerifyReport> {
    this.#savedMs = this.#options.clock.ticksMs();
    for (const finding of this.#kept) await this.#report(finding);
    for await (const id of this.#options.marked ?? []) this.#marks.add(id, { kb: 0, entries: 0 });
    this.#places = await this.#readIndex(this.#refs, (finding) => this.#report(finding));
    const others: string[] = [];
    await listIndex({ ...this.#options, onOther: (object) => others.push(object) });
    for (const object of others) await this.#other(object);
    for (let row = 0; row < this.#refs.count; row++) this.#kb.all += this.#refs.weightAt(row).kb;
    const complete = await this.#readObjects();
    if (complete) await this.#reportMissing();
    else await this.#options.onState?.(this.#state());
    const wrong = Object.entries(this.#found).some(
      ([kind, count]) => count > 0 && isWrong({ kind: kind as Finding["kind"], key: "", what: "" }),
    );
    return {
      complete,
      indexFiles: this.#places.length,
      named: this.#refs.count,
      listed: this.#listed,
      young: this.#young,
      marked: this.#marked,
      ...this.#counts,
      findings: this.#found,
      sound: !wrong,
    };
  }

  async #report(finding: Finding): Promise<void> {
    this.#found[finding.kind]++;
    await this.#options.onFinding(finding);
  }

  /** Reads every index file that there is. */
  async #readIndex(
    refs: RefTable,
    report: (finding: Finding) => Promise<void>,
  ): Promise<readonly IndexPlace[]> {
    const seen = new Set<string>();
    for (let look = 1; ; look++) {
      const places = await listIndex(this.#options);
      let gone = 0;
      for (const place of places) {
        if (seen.has(place.key)) continue;
        this.#options.signal?.throwIfAborted();
        const stored = await this.#options.store.get(place.key);
        if (stored === undefined) {
          gone++;
          continue;
        }
        seen.add(place.key);
        const findings = await checkIndex(place, stored, this.#options.codecs, (series) => {
          for (const ref of series.chunks) refs.add({ ...series, ...ref }, ref);
        });
        for (const finding of findings) await report(finding);
      }
      if (gone === 0 || look === LOOKS_MAX) return places;
    }
  }

  #readObjects(): Promise<boolean> {
    const { signal } = this.#options;
    return inFlight(this.#wanted(), (chunk) => this.#readObject(chunk), {
      width: WIDTH,
      bytesMax: BYTES_MAX,
      sizeOf: ({ size }) => size,
      signal,
      passed: (chunk) => this.#pass(chunk),
    });
  }

  /** Lists all chunks, notes what the listing itself says, and gives those that are to be read. */
  async *#wanted(): AsyncGenerator<StoredChunkInfo> {
    const { state, sample } = this.#options;
    const onOther = (object: string) => this.#other(object);
    for await (const chunk of listChunks(this.#options.store, { ...this.#options, onOther })) {
      this.#listed++;
      const row = this.#refs.find({ ...chunk.name });
      if (row !== undefined) this.#refs.mark(row);
      else await this.#orphan(chunk);
      if (state !== undefined && compareText(chunk.object, state.after) <= 0) continue;
      if (isSampled(chunk.object, sample)) yield chunk;
    }
  }

  async #other(key: string): Promise<void> {
    if (isForeign(key, this.#options.indexPrefix))
      await this.#report({ kind: "foreign", key, what: "is no chunk and no index file" });
  }

  async #orphan({ key, name, modifiedMs }: StoredChunkInfo): Promise<void> {
    if (this.#marks.find(name) !== undefined) {
      this.#marked++;
      return;
    }
    const { clock, graceMs } = this.#options;
    if (modifiedMs !== undefined && clock.nowMs() - modifiedMs < graceMs) {
      this.#young++;
      return;
    }
    await this.#report({ kind: "orphaned", key, what: "no index file names it" });
  }

  async #readObject(chunk: StoredChunkInfo): Promise<void> {
    const { store, codecs, onObject } = this.#options;
    const bytes = await store.get(chunk.object);
    // Gone since it was listed: retention goes on while we read.
    if (bytes === undefined) return;
    const row = this.#refs.find({ ...chunk.name });
    const weight = row === undefined ? undefined : this.#refs.weightAt(row);
    const { findings, lines, blocks } = await checkObject(chunk, bytes, weight, codecs);
    const counts = { read: 1, bytes: bytes.length, blocks, lines };
    this.#fresh.set(chunk.object, { findings, counts });
    for (const finding of findings) await this.#report(finding);
    this.#kb.read += weight?.kb ?? 0;
    onObject?.(bytes.length, this.#totalBytes());
    await this.#save();
  }

  /** What there is to read, if the rest is packed as what was read is. */
  #totalBytes(): number {
    const { all, read } = this.#kb;
    const bytes = [...this.#fresh.values()].reduce((sum, { counts }) => sum + counts.bytes, 0);
    const ratio = read === 0 ? 0 : (this.#counts.bytes + bytes) / read;
    return Math.round(ratio * all * Math.min(1, this.#options.sample.share));
  }

  #pass({ object }: StoredChunkInfo): void {
    const fresh = this.#fresh.get(object);
    if (fresh !== undefined) {
      this.#fresh.delete(object);
      this.#kept.push(...fresh.findings);
      for (const name of ["read", "bytes", "blocks", "lines"] as const)
        this.#counts[name] += fresh.counts[name];
    }
    this.#after = object;
  }

  /** Keeps the state when it is time again. */
  async #save(): Promise<void> {
    const nowMs = this.#options.clock.ticksMs();
    if (nowMs - this.#savedMs < SAVE_MS) return;
    this.#savedMs = nowMs;
    await this.#options.onState?.(this.#state());
  }

  #state(): VerifyState {
    const { seed } = this.#options.sample;
    return { seed, after: this.#after, counts: { ...this.#counts }, findings: [...this.#kept] };
  }

  /** What is named and was not listed, if it is still named and truly not there. */
  async #reportMissing(): Promise<void> {
    let named: RefTable | undefined;
    for (let row = 0; row < this.#refs.count; row++) {
      if (this.#refs.isMarked(row)) continue;
      const id = this.#refs.idAt(row);
      const key = chunkKey("v12", id.tenant, id.fingerprint, id);
      if (await this.#exists(key)) continue;
      named ??= await this.#namedNow();
      if (named.find(id) === undefined) continue;
      await this.#report({ kind: "missing", key, what: missingText(this.#refs.weightAt(row)) });
    }
  }

  async #exists(key: string): Promise<boolean> {
    for (const name of namesOf(key)) {
      const range = { offset: 0, size: 1 };
      if ((await this.#options.store.get(name, { range })) !== undefined) return true;
    }
    return false;
  }

  /** What the index names now: as before, unless its files are others. */
  async #namedNow(): Promise<RefTable> {
    const keys = (places: readonly IndexPlace[]) => places.map(({ key }) => key).join("\n");
    if (keys(await listIndex(this.#options)) === keys(this.#places)) return this.#refs;
    const refs = new RefTable();
    await this.#readIndex(refs, async () => {});
    return refs;
  }
}

function missingText({ entries, kb }: Pick<ChunkRef, "kb" | "entries">): string {
  return `the index names it, with ${entries} entries and ${kb} KiB, and there is no such object`;
}

/** The same objects for the same seed, whatever else lies in the bucket. */
function isSampled(object: string, { share, seed }: VerifyOptions["sample"]): boolean {
  if (share >= 1) return true;
  const hash = Math.imul(crc32c(utf8(object)) ^ seed, 0x9e3779b1) >>> 0;
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  return (mixed ^ (mixed >>> 13)) >>> 0 < share * 2 ** 32;
}
