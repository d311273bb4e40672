/** Structured metadata that we find out by ourselves, put with what the client sent. */
import type { Block, MetadataColumn } from "../model/block.ts";

type Pair = readonly [name: string, value: string];

/** The value that the client gave a row under a name. */
export type Own = (name: string) => string | undefined;

/** The rows with more metadata each; what is found under a name takes the place of the client's own. */
export function addMetadata(block: Block, find: (row: number, own: Own) => readonly Pair[]): Block {
  const { metadata } = block;
  const symbols = [...(metadata?.symbols ?? [])];
  const indexes = new Map<string, number>();
  const symbol = (text: string) => {
    let index = indexes.get(text);
    if (index === undefined) indexes.set(text, (index = symbols.push(text) - 1));
    return index;
  };
  const pairs: number[] = [];
  const firsts = new Uint32Array(block.rows + 1);
  for (let row = 0; row < block.rows; row++) {
    const own = metadata === undefined ? [] : pairsOf(metadata, row);
    const found = find(row, (name) => {
      const pair = own.find(([key]) => symbols[key] === name);
      return pair === undefined ? undefined : symbols[pair[1]];
    });
    for (const [key, value] of own) {
      if (!found.some(([name]) => name === symbols[key])) pairs.push(key, value);
    }
    for (const [name, value] of found) pairs.push(symbol(name), symbol(value));
    firsts[row + 1] = pairs.length / 2;
  }
  if (pairs.length === 0) return block;
  return { ...block, metadata: { symbols, firsts, pairs: Uint32Array.from(pairs) } };
}

function pairsOf({ firsts, pairs }: MetadataColumn, row: number): [key: number, value: number][] {
  const [first, end] = [firsts[row]!, firsts[row + 1]!];
  return Array.from({ length: end - first }, (_, index) => [
    pairs[2 * (first + index)]!,
    pairs[2 * (first + index) + 1]!,
  ]);
}
