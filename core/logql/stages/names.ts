/**
 * The label names that a query meets, as small numbers: what is kept for each row is then indexed by
 * arrays. Names found in lines are unbounded, so they are forgotten from time to time; those that the
 * query itself names stay.
 */
import { hashText } from "./text.ts";

/** What parsers append to a name that the stream or the structured metadata has already. */
const EXTRACTED = "_extracted";

/** The name of the field that a label has its value from, but for a clash. */
export function bareName(name: string): string {
  return name.endsWith(EXTRACTED) ? name.slice(0, -EXTRACTED.length) : name;
}

/** Past so many names the ones found in lines are forgotten before the next block. */
const NAMES_MAX = 65_536;

export class Names {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #hashes: number[] = [];
  readonly #extracted: (number | undefined)[] = [];
  #kept = 0;
  /** Changes when names were forgotten: numbers kept from before are void, but for the query's own. */
  generation = 0;

  get size(): number {
    return this.#texts.length;
  }

  id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#texts.length;
      this.#ids.set(name, id);
      this.#texts.push(name);
      this.#hashes.push(hashText(name));
      this.#extracted.push(undefined);
    }
    return id;
  }

  text(id: number): string {
    return this.#texts[id]!;
  }

  /** A hash of the name itself, so that it outlives the number. */
  hash(id: number): number {
    return this.#hashes[id]!;
  }

  /** The number of the name with `_extracted` after it. */
  extracted(id: number): number {
    let other = this.#extracted[id];
    if (other === undefined) {
      other = this.id(this.text(id) + EXTRACTED);
      this.#extracted[id] = other;
    }
    return other;
  }

  /** All names so far are the query's own. */
  keep(): void {
    this.#kept = this.#texts.length;
  }

  /** To be called between blocks. True when names were forgotten. */
  trim(): boolean {
    if (this.#texts.length <= NAMES_MAX + this.#kept) return false;
    for (let id = this.#kept; id < this.#texts.length; id++) this.#ids.delete(this.#texts[id]!);
    this.#texts.length = this.#kept;
    this.#hashes.length = this.#kept;
    this.#extracted.length = this.#kept;
    this.#extracted.fill(undefined);
    this.generation++;
    return true;
  }
}
