/**
 * From the builder to a label set, for the rows of one stream. Rows of a stream differ in few labels:
 * what sets a row apart is looked up first. For a set that is new there is its shape, the order of its
 * names, which is that of other rows already; only values are put in.
 */
import { compareText } from "../../bytes/text.ts";
import type { Label } from "../../model/labels.ts";
import { type LabelBuilder, PARSED, STREAM } from "./label-builder.ts";
import type { LabelSet, LabelSets } from "./label-set.ts";
import type { Names } from "./names.ts";
import type { StreamBase } from "./stream-base.ts";
import { hashText } from "./text.ts";

const ERROR = "__error__";
const DETAILS = "__error_details__";

/** Which labels a row keeps. Rows with an error keep all (spec logql §13). */
export type Projection =
  | { readonly kind: "all" }
  | { readonly kind: "by"; readonly ids: readonly number[] }
  | { readonly kind: "without"; readonly ids: ReadonlySet<number> };

/** The labels that rows of one kind end with, sorted by name, without the values. */
interface Shape {
  /** Names of what sets such rows apart, deleted ones as complements, and where each came from. */
  readonly ids: Int32Array;
  readonly origins: Uint8Array;
  readonly hasError: boolean;
  readonly names: readonly string[];
  readonly nameHashes: Int32Array;
  readonly categories: Uint8Array;
  /** Where each value comes from: an index into what sets the row apart, or the complement of one into the stream's labels. */
  readonly sources: Int32Array;
}

/** What sets a row apart from its stream, and the set that comes of it. */
interface Entry {
  readonly shape: Shape;
  readonly values: readonly string[];
  readonly set: LabelSet;
  readonly next: Entry | undefined;
}

/** Past so many the stream forgets them; the pipeline still knows each set. */
const ENTRIES_MAX = 8192;
const SHAPES_MAX = 1024;

export class StreamSets {
  readonly #base: StreamBase;
  readonly #sets: LabelSets;
  readonly #names: Names;
  readonly #projection: Projection;
  readonly #error: number;
  readonly #details: number;
  readonly #shapes = new Map<number, Shape>();
  readonly #entries = new Map<number, Entry>();
  #lastShape: Shape | undefined;
  #last: Entry | undefined;
  #untouched: LabelSet | undefined;

  /** What sets the row at hand apart: labels, and deleted names as complements without a value. */
  #ids = new Int32Array(64);
  #hashes = new Int32Array(64);
  #origins = new Uint8Array(64);
  readonly #values: string[] = [];
  #count = 0;
  #idsHash = 0;
  #hash = 0;

  constructor(base: StreamBase, sets: LabelSets, names: Names, projection: Projection) {
    this.#base = base;
    this.#sets = sets;
    this.#names = names;
    this.#projection = projection;
    this.#error = names.id(ERROR);
    this.#details = names.id(DETAILS);
  }

  /** Numbers of names may have changed their meaning. */
  forget(): void {
    this.#shapes.clear();
    this.#entries.clear();
    this.#lastShape = undefined;
    this.#last = undefined;
  }

  of(labels: LabelBuilder): LabelSet {
    if (labels.untouched && this.#untouched !== undefined) return this.#untouched;
    this.#describe(labels);
    const shape = this.#shapeOf(labels.error !== "");
    if (this.#last !== undefined && this.#isAtHand(this.#last, shape)) return this.#last.set;
    let entry = this.#entries.get(this.#hash);
    while (entry !== undefined && !this.#isAtHand(entry, shape)) entry = entry.next;
    entry ??= this.#add(shape);
    this.#last = entry;
    if (labels.untouched) this.#untouched = entry.set;
    return entry.set;
  }

  #describe(labels: LabelBuilder): void {
    this.#count = 0;
    this.#idsHash = 0;
    this.#hash = 0;
    // Details without anything else do not count (spec logql §6.1).
    if (labels.untouched && this.#projection.kind !== "by") return;
    const projection = labels.error === "" ? this.#projection : ALL;
    if (projection.kind === "by") {
      for (const id of projection.ids) {
        const value = labels.get(id);
        if (value !== undefined) this.#push(id, value, labels.hashOf(id), labels.originOf(id));
      }
      return;
    }
    const without = projection.kind === "without" ? projection.ids : undefined;
    for (let slot = 0; slot < labels.count; slot++) {
      const id = labels.id(slot);
      if (without?.has(id)) continue;
      const value = labels.value(slot);
      this.#push(id, value, labels.hash(slot), labels.category(slot));
    }
    for (const id of labels.deleted) this.#push(~id, "", 0, STREAM);
    if (labels.error !== "") this.#pushError(this.#error, labels.error);
    if (labels.details !== "") this.#pushError(this.#details, labels.details);
  }

  #pushError(id: number, text: string): void {
    this.#push(id, text, hashText(text), PARSED);
  }

  #push(id: number, value: string, hash: number, origin: number): void {
    if (this.#count === this.#ids.length) this.#grow();
    this.#ids[this.#count] = id;
    this.#hashes[this.#count] = hash;
    this.#origins[this.#count] = origin;
    this.#values[this.#count++] = value;
    this.#idsHash = mix(this.#idsHash, id, origin);
    this.#hash = mix(this.#hash, id, hash);
  }

  #grow(): void {
    const [ids, hashes, origins] = [this.#ids, this.#hashes, this.#origins];
    this.#ids = new Int32Array(2 * ids.length);
    this.#ids.set(ids);
    this.#hashes = new Int32Array(2 * ids.length);
    this.#hashes.set(hashes);
    this.#origins = new Uint8Array(2 * ids.length);
    this.#origins.set(origins);
  }

  #isAtHand(entry: Entry, shape: Shape): boolean {
    if (entry.shape !== shape) return false;
    const { values } = entry;
    for (let index = 0; index < values.length; index++) {
      if (values[index] !== this.#values[index]) return false;
    }
    return true;
  }

  #add(shape: Shape): Entry {
    if (this.#entries.size >= ENTRIES_MAX) this.#entries.clear();
    const values = this.#values.slice(0, this.#count);
    const set = this.#compose(shape);
    const entry: Entry = { shape, values, set, next: this.#entries.get(this.#hash) };
    this.#entries.set(this.#hash, entry);
    return entry;
  }

  #compose(shape: Shape): LabelSet {
    const { names, sources } = shape;
    const labels = new Array<Label>(sources.length);
    let hash = sources.length;
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index]!;
      labels[index] =
        source < 0 ? this.#base.labels[~source]! : [names[index]!, this.#values[source]!];
      const value = source < 0 ? this.#base.hash(~source) : this.#valueHash(source);
      hash = mix(hash, shape.nameHashes[index]!, value);
    }
    return this.#sets.intern(hash, labels, shape.categories);
  }

  /** Values that the stream gives to a grouping come without a hash. */
  #valueHash(source: number): number {
    return this.#origins[source] === STREAM
      ? hashText(this.#values[source]!)
      : this.#hashes[source]!;
  }

  #shapeOf(hasError: boolean): Shape {
    if (this.#lastShape !== undefined && this.#isShape(this.#lastShape, hasError)) {
      return this.#lastShape;
    }
    let shape = this.#shapes.get(this.#idsHash);
    if (shape === undefined || !this.#isShape(shape, hasError)) {
      shape = this.#newShape(hasError);
      if (this.#shapes.size >= SHAPES_MAX) this.#shapes.clear();
      this.#shapes.set(this.#idsHash, shape);
    }
    this.#lastShape = shape;
    return shape;
  }

  #isShape({ ids, origins, hasError }: Shape, error: boolean): boolean {
    if (ids.length !== this.#count || hasError !== error) return false;
    for (let index = 0; index < ids.length; index++) {
      if (ids[index] !== this.#ids[index] || origins[index] !== this.#origins[index]) return false;
    }
    return true;
  }

  #newShape(hasError: boolean): Shape {
    const found = new Map<string, { source: number; category: number }>();
    if (this.#projection.kind !== "by" || hasError) {
      const without =
        this.#projection.kind === "without" && !hasError ? this.#projection.ids : NONE;
      for (const [index, [name]] of this.#base.labels.entries()) {
        if (!without.has(this.#names.id(name)))
          found.set(name, { source: ~index, category: STREAM });
      }
    }
    // Deleted labels first: one that was set again is there.
    for (let index = 0; index < this.#count; index++) {
      if (this.#ids[index]! < 0) found.delete(this.#names.text(~this.#ids[index]!));
    }
    for (let index = 0; index < this.#count; index++) {
      if (this.#ids[index]! < 0) continue;
      const name = this.#names.text(this.#ids[index]!);
      found.set(name, { source: index, category: this.#origins[index]! });
    }
    const sorted = [...found].sort((a, b) => compareText(a[0], b[0]));
    return {
      ids: this.#ids.slice(0, this.#count),
      origins: this.#origins.slice(0, this.#count),
      hasError,
      names: sorted.map(([name]) => name),
      nameHashes: Int32Array.from(sorted, ([name]) => hashText(name)),
      categories: Uint8Array.from(sorted, ([, { category }]) => category),
      sources: Int32Array.from(sorted, ([, { source }]) => source),
    };
  }
}

const ALL: Projection = { kind: "all" };
const NONE: ReadonlySet<number> = new Set();

function mix(hash: number, a: number, b: number): number {
  const mixed = Math.imul(hash ^ a, 0x85ebca6b);
  return Math.imul((mixed ^ (mixed >>> 13)) + b, 0xc2b2ae35);
}
