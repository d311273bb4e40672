/**
 * Builds an index file. Series may come in any order and more than once; they are put in order, with
 * their chunks, when the file is finished. The same content gives the same bytes as Loki's writer.
 */
import { compareText } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { assert } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { MAGIC } from "./layout.ts";
import {
  encodeSymbols,
  type OpenSeries,
  type RankedPair,
  writeSeries,
  writeSymbols,
} from "./sections.ts";
import { writeTail } from "./tail.ts";
import { sortTexts } from "./texts.ts";

interface Pair {
  readonly name: string;
  readonly value: string;
}

type FullSeries = OpenSeries & { readonly chunks: ChunkRef[] };

export class IndexWriter {
  readonly #version: 2 | 3;
  readonly #series = new Map<string, FullSeries>();
  readonly #names = new Map<string, Map<string, number>>();
  readonly #pairs: Pair[] = [];
  #finished = false;

  constructor(options: { version: 2 | 3 }) {
    this.#version = options.version;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /**
   * Adds a series, or chunks to one that was added before. Labels are the identity of a series: the
   * fingerprint is what it came with first. Keeps the chunks but not their array.
   */
  add(labels: Labels, fingerprint: bigint, chunks: readonly ChunkRef[]): void {
    assert(!this.#finished, "series added to a finished index");
    const pairs = this.#numbersOf(labels);
    const key = keyOf(pairs);
    const known = this.#series.get(key);
    if (known === undefined) {
      const rank = Number(fingerprint >> 11n);
      this.#series.set(key, { pairs, fingerprint, rank, chunks: [...chunks] });
    } else {
      for (const chunk of chunks) known.chunks.push(chunk);
    }
  }

  /** The file. Nothing can be added after. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#finished = true;
    const { symbols, pairs, rankOf } = this.#order();
    const encoded = encodeSymbols(symbols);
    const series = [...this.#series.values()];
    for (const each of series) renumber(each.pairs, rankOf);
    series.sort(compareSeries);

    const out = new ByteWriter(64 * 1024);
    out.u32(MAGIC);
    out.u8(this.#version);

    const symbolsAt = out.size;
    writeSymbols(out, encoded);
    const seriesAt = out.size;
    const written = writeSeries(out, this.#version, series, pairs);
    const { refs, fromMs, throughMs } = written;
    writeTail(out, { encoded, pairs, series, refs, symbolsAt, seriesAt, fromMs, throughMs });
    return out.take();
  }

  #numbersOf(labels: Labels): Uint32Array {
    const numbers = new Uint32Array(labels.length);
    let before = "";
    for (let index = 0; index < labels.length; index++) {
      const [name, value] = labels[index]!;
      assert(
        index === 0 || compareText(before, name) < 0,
        `label ${name} comes after ${before} in a series`,
      );
      before = name;
      let values = this.#names.get(name);
      if (values === undefined) this.#names.set(name, (values = new Map()));
      let number = values.get(value);
      if (number === undefined) {
        number = this.#pairs.length;
        values.set(value, number);
        this.#pairs.push({ name, value });
      }
      numbers[index] = number;
    }
    return numbers;
  }

  /** Symbols in byte order, pairs in the order of their symbols, and the place of each pair in it. */
  #order(): { symbols: string[]; pairs: RankedPair[]; rankOf: Uint32Array } {
    const texts = new Set<string>();
    for (const { name, value } of this.#pairs) texts.add(name).add(value);
    const symbols = sortTexts([...texts]);
    const numbers = new Map(symbols.map((symbol, index) => [symbol, index]));

    const ranked = this.#pairs.map(({ name, value }, pair) => ({
      nameSymbol: numbers.get(name)!,
      valueSymbol: numbers.get(value)!,
      pair,
    }));
    ranked.sort((a, b) => a.nameSymbol - b.nameSymbol || a.valueSymbol - b.valueSymbol);
    const rankOf = new Uint32Array(ranked.length);
    ranked.forEach(({ pair }, rank) => {
      rankOf[pair] = rank;
    });
    return { symbols, pairs: ranked, rankOf };
  }
}

function renumber(pairs: Uint32Array, rankOf: Uint32Array): void {
  for (let index = 0; index < pairs.length; index++) pairs[index] = rankOf[pairs[index]!]!;
}

/** Distinct lists of numbers give distinct keys: two UTF-16 units a number. */
function keyOf(numbers: Uint32Array): string {
  let key = "";
  for (const number of numbers) key += String.fromCharCode(number & 0xffff, number >>> 16);
  return key;
}

/** By fingerprint, then pair by pair; a set of labels that starts another comes first. */
export function compareSeries(a: OpenSeries, b: OpenSeries): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.fingerprint !== b.fingerprint) return a.fingerprint < b.fingerprint ? -1 : 1;
  const size = Math.min(a.pairs.length, b.pairs.length);
  for (let index = 0; index < size; index++) {
    const order = a.pairs[index]! - b.pairs[index]!;
    if (order !== 0) return order;
  }
  return a.pairs.length - b.pairs.length;
}
