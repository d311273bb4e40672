/** Reads the series of an index file one at a time: go to one, then ask for its labels, its chunks, their sum. */
import { ByteCursor } from "../bytes/cursor.ts";
import { type CompiledMatcher, matchesAll } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Label, Labels } from "../model/labels.ts";
import { type ChunkTotals, readChunks, sumChunks, type Window } from "./chunk-list.ts";
import { CHECKSUM_BYTES, type IndexVersion, SERIES_ALIGN } from "./layout.ts";
import { checkSum } from "./section.ts";
import type { SymbolTable } from "./symbols.ts";
import type { Toc } from "./toc.ts";

export class SeriesCursor {
  readonly #bytes: Uint8Array;
  readonly #toc: Toc;
  readonly #version: IndexVersion;
  readonly #symbols: SymbolTable;
  readonly #head: ByteCursor;
  /** The body of the series we are at, and no more. */
  #body: ByteCursor;
  #fingerprint = 0n;
  /** Symbols of the pairs of the series we are at: name, value, name, value. */
  #pairs = new Uint32Array(64);
  #pairCount = 0;
  #chunksAt = 0;

  constructor(bytes: Uint8Array, toc: Toc, version: IndexVersion, symbols: SymbolTable) {
    this.#bytes = bytes;
    this.#toc = toc;
    this.#version = version;
    this.#symbols = symbols;
    this.#head = new ByteCursor(bytes, toc.series, toc.labelIndices);
    this.#body = this.#head;
  }

  get fingerprint(): bigint {
    return this.#fingerprint;
  }

  /** Goes to a series by its reference in postings, and proves its checksum. */
  seek(reference: number): void {
    const at = this.#version === 1 ? reference : reference * SERIES_ALIGN;
    const { series, labelIndices } = this.#toc;
    if (at < series || at >= labelIndices) {
      throw new Corrupt(`series ${reference} at ${at}, series are in ${series} to ${labelIndices}`);
    }
    this.#head.at = at;
    const size = this.#head.uvarint();
    const start = this.#head.at;
    const end = start + size;
    if (end + CHECKSUM_BYTES > labelIndices) {
      throw new Corrupt(`series at ${at} claims ${size} bytes, series end at ${labelIndices}`);
    }
    checkSum(this.#bytes, start, end, "series");
    this.#body = new ByteCursor(this.#bytes, start, end);
    this.#readHead(this.#body);
  }

  /** Symbols of the labels: name, value, name, value. Good until the next `seek`. */
  get pairs(): Uint32Array {
    return this.#pairs.subarray(0, 2 * this.#pairCount);
  }

  labels(): Labels {
    const labels = new Array<Label>(this.#pairCount);
    for (let pair = 0; pair < this.#pairCount; pair++) {
      labels[pair] = [
        this.#symbols.text(this.#pairs[2 * pair]!),
        this.#symbols.text(this.#pairs[2 * pair + 1]!),
      ];
    }
    return labels;
  }

  /** The chunks that overlap the window, in the order of their start. */
  chunks(window: Window): ChunkRef[] {
    this.#body.at = this.#chunksAt;
    return readChunks(this.#body, this.#version, window);
  }

  /** What the chunks that overlap the window weigh, those partly inside by their share. */
  totals(window: Window): ChunkTotals {
    this.#body.at = this.#chunksAt;
    return sumChunks(this.#body, this.#version, window);
  }

  /** Whether the labels pass all matchers. */
  passes(matchers: readonly CompiledMatcher[]): boolean {
    return matchesAll(matchers, this.labels());
  }

  #readHead(body: ByteCursor): void {
    this.#fingerprint = body.u64();
    const count = body.uvarint();
    if (2 * count > body.left) {
      throw new Corrupt(`${count} labels claimed in ${body.left} bytes of series`);
    }
    if (2 * count > this.#pairs.length) this.#pairs = new Uint32Array(4 * count);
    for (let index = 0; index < 2 * count; index++) {
      const symbol = body.uvarint();
      if (symbol > 0xffffffff) throw new Corrupt(`symbol ${symbol} of ${this.#symbols.count}`);
      this.#pairs[index] = symbol;
    }
    this.#pairCount = count;
    this.#chunksAt = body.at;
  }
}
