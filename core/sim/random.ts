/** Chance from a seed: sfc32, Chris Doty-Humphrey's small fast generator. The same seed gives the same run everywhere. */
import type { Random as RandomPort } from "../ports/clock.ts";

export class Random implements RandomPort {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 4294967296) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < 15; round++) this.#next();
  }

  /** A whole number in [low, high). */
  int(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low));
  }

  bytes(size: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    for (let index = 0; index < size; index++) bytes[index] = this.#next() >>> 24;
    return bytes;
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.#next() / 4294967296;
  }

  /** True in `of` of 1 cases: `chance(0.1)` is true one time in ten. */
  chance(of: number): boolean {
    return this.fraction() < of;
  }

  /** One item of a list that has some. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length)]!;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
