/**
 * An index file in memory: matchers in, series with their chunks out. What every question needs is
 * read and proven when the file is opened; series and postings lists are proven when they are read.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import type { CompiledMatcher } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { ALWAYS, type ChunkTotals } from "./chunk-list.ts";
import { IndexColumns } from "./columns.ts";
import { type FingerprintTable, readFingerprints } from "./fingerprints.ts";
import { HEADER_BYTES, type IndexVersion, MAGIC } from "./layout.ts";
import { Postings } from "./postings.ts";
import { lowerBound, RefSet, type Refs } from "./refs.ts";
import { readSection } from "./section.ts";
import { select } from "./select.ts";
import { SeriesCursor } from "./series.ts";
import { type FingerprintRange, rangeOf, type Shard } from "./shard.ts";
import { SymbolTable } from "./symbols.ts";
import { readToc, type Toc } from "./toc.ts";

export interface SeriesRefs {
  readonly labels: Labels;
  readonly fingerprint: bigint;
  readonly chunks: ChunkRef[];
}

/** What the chunks of a series that lie in the time asked for weigh. */
export interface SeriesTotals extends Readonly<ChunkTotals> {
  readonly labels: Labels;
  readonly fingerprint: bigint;
}

export interface SeriesOptions {
  /** Only series of this shard, by index and count or by bounds of fingerprints. */
  readonly shard?: Shard | FingerprintRange;
}

export class IndexReader {
  readonly version: IndexVersion;
  /** Checksum of the table of contents; part of the name of a compacted file. */
  readonly checksum: number;
  /** First and last moment of any chunk, Unix milliseconds, both inclusive. */
  readonly fromMs: number;
  readonly throughMs: number;
  /** The file itself. */
  readonly bytes: Uint8Array;
  /** Names and values of labels, each once. */
  readonly symbolCount: number;
  readonly #toc: Toc;
  readonly #symbols: SymbolTable;
  readonly #postings: Postings;
  readonly #fingerprints: FingerprintTable;

  /** Takes a whole, decompressed file and keeps a view of it. Throws Corrupt. */
  static open(bytes: Uint8Array): IndexReader {
    return new IndexReader(bytes);
  }

  private constructor(bytes: Uint8Array) {
    this.version = readHeader(bytes);
    const { toc, checksum } = readToc(bytes);
    this.checksum = checksum;
    this.fromMs = toc.fromMs;
    this.throughMs = toc.throughMs;
    this.bytes = bytes;
    this.#toc = toc;
    this.#symbols = new SymbolTable(readSection(bytes, toc.symbols, "symbol table"), this.version);
    this.symbolCount = this.#symbols.count;
    this.#postings = new Postings(bytes, readSection(bytes, toc.postingsTable, "postings table"));
    this.#fingerprints = readFingerprints(bytes, toc.fingerprintOffsets);
    this.#proveVersion();
  }

  /** Series that match and have chunks with `fromMs <= chunk.throughMs && throughMs > chunk.fromMs`. */
  *series(
    matchers: readonly CompiledMatcher[],
    fromMs: number,
    throughMs: number,
    options: SeriesOptions = {},
  ): Generator<SeriesRefs> {
    const window = { fromMs, throughMs };
    for (const cursor of this.#walk(matchers, options)) {
      const chunks = cursor.chunks(window);
      if (chunks.length === 0) continue;
      yield { labels: cursor.labels(), fingerprint: cursor.fingerprint, chunks };
    }
  }

  /** Series that match with all their chunks, those without any among them. */
  *wholeSeries(matchers: readonly CompiledMatcher[] = []): Generator<SeriesRefs> {
    for (const cursor of this.#walk(matchers, {})) {
      const chunks = cursor.chunks(ALWAYS);
      yield { labels: cursor.labels(), fingerprint: cursor.fingerprint, chunks };
    }
  }

  /** Like `series`, with the weight of the chunks in place of the chunks: stats.ts says how it is taken. */
  *totals(
    matchers: readonly CompiledMatcher[],
    fromMs: number,
    throughMs: number,
    options: SeriesOptions = {},
  ): Generator<SeriesTotals> {
    const window = { fromMs, throughMs };
    for (const cursor of this.#walk(matchers, options)) {
      const totals = cursor.totals(window);
      if (totals.chunks === 0) continue;
      yield { labels: cursor.labels(), fingerprint: cursor.fingerprint, ...totals };
    }
  }

  /** In byte order. With matchers, the names that matching series have, at whatever time. */
  labelNames(matchers: readonly CompiledMatcher[] = []): string[] {
    const names = this.#postings.names();
    if (matchers.length === 0) return names;
    const seen = new Set<string>();
    for (const cursor of this.#walk(matchers, {})) {
      for (const [name] of cursor.labels()) seen.add(name);
    }
    return names.filter((name) => seen.has(name));
  }

  /** In byte order. With matchers, the values that matching series have, at whatever time. */
  labelValues(name: string, matchers: readonly CompiledMatcher[] = []): string[] {
    const values = this.#postings.values(name);
    if (matchers.length === 0) return [...values];
    const refs = this.select(matchers);
    // Fast path: what all series match takes nothing away, as in a file of one tenant.
    if (refs.length === this.#postings.all().length) return [...values];
    const wanted = new RefSet(refs);
    return values.filter((_, index) => wanted.meets(this.#postings.listAt(name, index)));
  }

  /** Number of series that match, at whatever time. */
  seriesCount(matchers: readonly CompiledMatcher[] = []): number {
    return this.select(matchers).length;
  }

  /** References of the series that match, at whatever time, ascending. */
  select(matchers: readonly CompiledMatcher[]): Refs {
    const { refs, untested } = select(this.#postings, matchers);
    if (untested.length === 0) return refs;
    const cursor = this.#cursor();
    return refs.filter((reference) => {
      cursor.seek(reference);
      return cursor.passes(untested);
    });
  }

  /** Every series decoded; labels called `hidden` are left out. Damage in any of them is Corrupt. */
  columns(hidden?: string): IndexColumns {
    return new IndexColumns(this.#cursor(), this.#postings.all(), this.#symbols, hidden);
  }

  /** Reads every series and every postings list, so that damage anywhere is Corrupt now and not later. */
  prove(): void {
    for (const cursor of this.#walk([], {})) {
      cursor.labels();
      cursor.chunks(ALWAYS);
    }
    for (const name of this.#postings.names()) {
      for (let index = 0; index < this.#postings.valueCount(name); index++) {
        this.#postings.listAt(name, index);
      }
    }
  }

  /** One cursor that stands at each series in turn. */
  *#walk(
    matchers: readonly CompiledMatcher[],
    { shard }: SeriesOptions,
  ): Generator<SeriesCursor, void> {
    const refs = this.select(matchers);
    const cursor = this.#cursor();
    if (shard === undefined) {
      for (const reference of refs) {
        cursor.seek(reference);
        yield cursor;
      }
      return;
    }
    const range = "of" in shard ? rangeOf(shard) : shard;
    // Version 1 has references of another kind, so there the table is no help.
    const bounds =
      this.version === 1 ? { from: 0, end: Infinity } : this.#fingerprints.bounds(range);
    for (let at = lowerBound(refs, bounds.from); at < refs.length; at++) {
      if (refs[at]! >= bounds.end) return;
      cursor.seek(refs[at]!);
      if (cursor.fingerprint >= range.low && cursor.fingerprint <= range.high) yield cursor;
    }
  }

  #cursor(): SeriesCursor {
    return new SeriesCursor(this.bytes, this.#toc, this.version, this.#symbols);
  }

  /** No checksum covers the version. Read as another version, the first series does not come out even. */
  #proveVersion(): void {
    const [first] = this.#postings.all();
    if (first === undefined) return;
    const cursor = this.#cursor();
    cursor.seek(first);
    cursor.labels();
    cursor.chunks(ALWAYS);
  }
}

function readHeader(bytes: Uint8Array): IndexVersion {
  if (bytes.length < HEADER_BYTES) throw new Corrupt(`index file has ${bytes.length} bytes`);
  const cursor = new ByteCursor(bytes);
  const magic = cursor.u32();
  if (magic !== MAGIC) throw new Corrupt(`index magic is ${magic.toString(16)}`);
  const version = cursor.u8();
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new Corrupt(`index version is ${version}`);
  }
  return version;
}
