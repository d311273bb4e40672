/** Blocks made of plain entries, for tests. */

import { fingerprint } from "../../../labels/fingerprint.ts";
import { labelsOf } from "../../../labels/labels.ts";
import type { Block, MetadataColumn, StreamId } from "../../../model/block.ts";
import type { Labels } from "../../../model/labels.ts";

export interface TestEntry {
  readonly time: bigint;
  readonly line: string | Uint8Array;
  readonly metadata?: Labels;
}

export function streamOf(labels: Readonly<Record<string, string>>): StreamId {
  const sorted = labelsOf(labels);
  return { labels: sorted, fingerprint: fingerprint(sorted) };
}

/**
 * A block of these entries. Between the lines stand bytes that belong to none, as in stored chunks:
 * they must not be found by a filter, so by default they spell a word that tests look for.
 */
export function blockOf(entries: readonly TestEntry[], filler = "needle"): Block {
  const encoder = new TextEncoder();
  const gap = encoder.encode(filler);
  const lines = entries.map(({ line }) => (typeof line === "string" ? encoder.encode(line) : line));
  const size = lines.reduce((sum, line) => sum + line.length + gap.length, gap.length);
  const text = new Uint8Array(size);
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  text.set(gap);
  let at = gap.length;
  for (const [row, line] of lines.entries()) {
    starts[row] = at;
    text.set(line, at);
    at += line.length;
    ends[row] = at;
    text.set(gap, at);
    at += gap.length;
  }
  const times = BigInt64Array.from(entries, ({ time }) => time);
  const block = { rows: entries.length, times, text, starts, ends };
  const hasMetadata = entries.some(({ metadata }) => (metadata ?? []).length > 0);
  return hasMetadata
    ? { ...block, metadata: columnOf(entries.map((e) => e.metadata ?? [])) }
    : block;
}

function columnOf(rows: readonly Labels[]): MetadataColumn {
  const symbols: string[] = [];
  const indexOf = (text: string): number => {
    const known = symbols.indexOf(text);
    return known >= 0 ? known : symbols.push(text) - 1;
  };
  const pairs: number[] = [];
  const firsts = [0];
  for (const row of rows) {
    for (const [name, value] of row) pairs.push(indexOf(name), indexOf(value));
    firsts.push(pairs.length / 2);
  }
  return { symbols, firsts: Uint32Array.from(firsts), pairs: Uint32Array.from(pairs) };
}
