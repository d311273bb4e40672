/**
 * Streams that were met before, each with a number of its own that it keeps: to see that two are the same
 * then takes one look at each and none at their labels. Streams of different sources are different objects;
 * what is the same has the same number. Told apart by fingerprint, then by labels.
 *
 * Numbers only grow. Where too many are known all are forgotten, and numbers from before are below `#base`:
 * that a stream has one of them means nothing any more. Labels are kept and no streams, which would keep what
 * they hold.
 */
import type { StreamId } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { sameLabels } from "./labels.ts";

/** So many may be known in any case; of streams that are gone their labels take some hundred bytes each. */
export const KNOWN_MAX = 2 ** 18;
/** Up to here a fingerprint may be one that a collision was mapped to, in one source and not in another. */
const MAPPED_MAX = 2 ** 20;
const LOW_LANE = 2 ** 32;
const SLOTS_MIN = 2 ** 10;

export class KnownStreams {
  /** 0 is the number of streams that have none. */
  #base = 1;
  #labels: Labels[] = [];
  #fingerprints: bigint[] = [];
  /** Open addressing, at most half full: a place in the lists and one more, where 0 is free, and its hash. */
  #slots = new Uint32Array(2 * SLOTS_MIN);

  /** Another one when numbers mean other streams than before. */
  get generation(): number {
    return this.#base;
  }

  get count(): number {
    return this.#labels.length;
  }

  /** Makes room for so many more: numbers from now on, until this is called again, are below `count`. */
  prepare(size: number): void {
    if (this.count + size <= Math.max(KNOWN_MAX, 2 * size)) return;
    this.#base += this.count;
    this.#labels = [];
    this.#fingerprints = [];
    this.#slots = new Uint32Array(2 * SLOTS_MIN);
  }

  numberOf(stream: StreamId): number {
    const { known } = stream;
    // Fast path: there is nothing more to look at.
    if (known !== undefined && known >= this.#base) return known - this.#base;
    const number = this.#find(stream);
    if (!isMapped(stream)) stream.known = this.#base + number;
    return number;
  }

  #find({ labels, fingerprint }: StreamId): number {
    const hash = hashOf(fingerprint);
    const mask = this.#slots.length - 1;
    let slot = (2 * hash) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 2) & mask) {
      const number = this.#slots[slot]! - 1;
      if (this.#slots[slot + 1] !== hash || this.#fingerprints[number] !== fingerprint) continue;
      if (sameLabels(this.#labels[number]!, labels)) return number;
    }
    this.#fingerprints.push(fingerprint);
    const count = this.#labels.push(labels);
    this.#slots[slot] = count;
    this.#slots[slot + 1] = hash;
    if (4 * count > this.#slots.length) this.#double();
    return count - 1;
  }

  #double(): void {
    const before = this.#slots;
    const slots = new Uint32Array(2 * before.length);
    const mask = slots.length - 1;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] === 0) continue;
      let slot = (2 * before[at + 1]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = before[at]!;
      slots[slot + 1] = before[at + 1]!;
    }
    this.#slots = slots;
  }
}

/** Whether the fingerprint may say nothing of the labels; such a stream never keeps a number. */
export function isMapped({ fingerprint }: StreamId): boolean {
  return Number(fingerprint) <= MAPPED_MAX;
}

/** The high lane of a fingerprint; of a small one, which has nothing there, all of it. */
function hashOf(fingerprint: bigint): number {
  const rounded = Number(fingerprint);
  return (rounded < LOW_LANE ? rounded : rounded / LOW_LANE) >>> 0;
}
