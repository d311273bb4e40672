/**
 * Finds a text in a stretch of bytes (Boyer, Moore and Horspool): looks at the byte where the needle
 * would end and skips by what that byte allows, so most bytes are never looked at. Some needles make it
 * compare much and skip little; then it gives up and leaves the rest to the automaton.
 */

/** Bytes compared in vain, for each byte of the stretch, after which it gives up. */
const VAIN_MAX = 8;

export class Needle {
  readonly bytes: Uint8Array;
  /** How far to go on after each byte at the needle's end. */
  readonly #skips: Int32Array;

  constructor(bytes: Uint8Array) {
    const last = bytes.length - 1;
    this.bytes = bytes;
    this.#skips = new Int32Array(256).fill(bytes.length);
    for (let place = 0; place < last; place++) this.#skips[bytes[place]!] = last - place;
  }

  /**
   * Offset of the first occurrence within text[start, end), -1 when there is none. Where looking costs
   * too much, an offset before which there is none.
   */
  indexOf(text: Uint8Array, start: number, end: number): number {
    const { bytes } = this;
    const last = bytes.length - 1;
    if (last < 0) return start <= end ? start : -1;
    const skips = this.#skips;
    const final = bytes[last]!;
    let vain = VAIN_MAX * (end - start);
    for (let at = start + last; at < end; ) {
      const byte = text[at]!;
      if (byte === final) {
        let place = last - 1;
        while (place >= 0 && text[at - last + place] === bytes[place]) place -= 1;
        vain -= last - place;
        if (place < 0 || vain < 0) return at - last;
      }
      at += skips[byte]!;
    }
    return -1;
  }
}
