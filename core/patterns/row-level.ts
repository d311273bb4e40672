/** How bad a row is: what its metadata says, else its line, else its stream. */
import { labelValue } from "../labels/labels.ts";
import type { Block, MetadataColumn } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { levelWords } from "../querier/levels.ts";

const DETECTED = "detected_level";
const UNKNOWN = "unknown";
/** Levels that anybody may name: each has a tree of its own, so they must not be many. */
const LEVELS = new Set(levelWords().map(([, level]) => level));
const WORDS = new Map(levelWords());

export class LevelReader {
  #metadata: MetadataColumn | undefined;
  /** The symbol `detected_level`; -1 when no row has it. */
  #symbol = -1;
  #ofStream = UNKNOWN;

  start({ metadata }: Block, labels: Labels): void {
    this.#metadata = metadata;
    this.#symbol = metadata?.symbols.indexOf(DETECTED) ?? -1;
    const named = labelValue(labels, DETECTED) || labelValue(labels, "level");
    this.#ofStream = WORDS.get(named.toLowerCase()) ?? UNKNOWN;
  }

  of(row: number, ofLine: string | undefined): string {
    if (this.#symbol >= 0) {
      const { symbols, firsts, pairs } = this.#metadata!;
      for (let pair = firsts[row]!; pair < firsts[row + 1]!; pair++) {
        if (pairs[2 * pair] !== this.#symbol) continue;
        const level = symbols[pairs[2 * pair + 1]!] ?? "";
        return LEVELS.has(level) ? level : UNKNOWN;
      }
    }
    return ofLine ?? this.#ofStream;
  }
}
