/** A scanner over entries in memory, for tests: it cuts streams into blocks of as many rows as asked. */
import { fingerprint } from "../../../labels/fingerprint.ts";
import { printLabels } from "../../../labels/labels.ts";
import { compileMatcher, matchesAll } from "../../../labels/matcher.ts";
import type { Block, Entry, StreamBlock, StreamId } from "../../../model/block.ts";
import type { Labels } from "../../../model/labels.ts";
import type { Scanner, ScanRequest } from "../scanner.ts";

export interface TestEntry extends Entry {
  readonly labels: Labels;
}

export class MemoryScanner implements Scanner {
  readonly #blocks: StreamBlock[] = [];
  /** What was asked for, in order. */
  readonly requests: ScanRequest[] = [];
  /** Blocks handed out so far. */
  handedOut = 0;

  /** Entries of one stream may come in any order; those of equal time keep theirs. */
  constructor(entries: readonly TestEntry[], blockRows: number | (() => number) = 500) {
    const streams = new Map<string, { stream: StreamId; rows: TestEntry[] }>();
    for (const entry of entries) {
      const key = printLabels(entry.labels);
      let known = streams.get(key);
      if (known === undefined) {
        known = {
          stream: { labels: entry.labels, fingerprint: fingerprint(entry.labels) },
          rows: [],
        };
        streams.set(key, known);
      }
      known.rows.push(entry);
    }
    for (const { stream, rows } of streams.values()) {
      rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
      for (let at = 0; at < rows.length; ) {
        const size = typeof blockRows === "number" ? blockRows : blockRows();
        this.#blocks.push({ stream, block: blockOf(rows.slice(at, at + size)) });
        at += size;
      }
    }
  }

  async *scan(request: ScanRequest): AsyncIterable<StreamBlock> {
    this.requests.push(request);
    const matchers = request.matchers.map(compileMatcher);
    const wanted = this.#blocks.filter(
      ({ stream, block }) =>
        matchesAll(matchers, stream.labels) &&
        block.times[0]! < request.through &&
        block.times[block.rows - 1]! >= request.from,
    );
    const forward = request.direction === "forward";
    const edge = ({ block }: StreamBlock) =>
      forward ? block.times[0]! : -block.times[block.rows - 1]!;
    const turned = forward ? wanted : wanted.toReversed();
    for (const block of turned.sort((a, b) =>
      edge(a) < edge(b) ? -1 : edge(a) > edge(b) ? 1 : 0,
    )) {
      this.handedOut++;
      yield block;
    }
  }
}

/** Entries as a block; they are in ascending order. */
export function blockOf(entries: readonly Entry[]): Block {
  const lines = entries.map(({ line }) => new TextEncoder().encode(line));
  const text = new Uint8Array(lines.reduce((size, line) => size + line.length, 0));
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  lines.forEach((line, row) => {
    text.set(line, at);
    starts[row] = at;
    at += line.length;
    ends[row] = at;
  });
  const block = {
    rows: lines.length,
    times: BigInt64Array.from(entries, ({ time }) => time),
    text,
    starts,
    ends,
  };
  if (entries.every(({ metadata }) => metadata.length === 0)) return block;
  const symbols = [...new Set(entries.flatMap(({ metadata }) => metadata.flat()))];
  const firsts = new Uint32Array(entries.length + 1);
  entries.forEach(({ metadata }, row) => {
    firsts[row + 1] = firsts[row]! + metadata.length;
  });
  const pairs = Uint32Array.from(
    entries.flatMap(({ metadata }) => metadata.flat().map((text) => symbols.indexOf(text))),
  );
  return { ...block, metadata: { symbols, firsts, pairs } };
}
