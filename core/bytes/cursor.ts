/**
 * Reads binary values from left to right. Every read checks the end, so a decoder is a straight line
 * of reads and a damaged length is Corrupt, never a wild index.
 */
import { Corrupt } from "../model/errors.ts";

/** 2^53, the first whole number that a double does not tell from its neighbours. */
const UNSAFE = 9_007_199_254_740_992;

export class ByteCursor {
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  at: number;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) throw this.#short(1);
    return this.bytes[this.at++]!;
  }

  /** Big-endian. */
  u32(): number {
    const at = this.#skip(4);
    return this.#view.getUint32(at);
  }

  /** Little-endian. */
  u32le(): number {
    const at = this.#skip(4);
    return this.#view.getUint32(at, true);
  }

  u16(): number {
    const at = this.#skip(2);
    return this.#view.getUint16(at);
  }

  /** Big-endian, as an unsigned 64-bit value. */
  u64(): bigint {
    const at = this.#skip(8);
    return this.#view.getBigUint64(at);
  }

  /** Big-endian, as a signed 64-bit value. */
  i64(): bigint {
    const at = this.#skip(8);
    return this.#view.getBigInt64(at);
  }

  /** A big-endian 64-bit length or offset; Corrupt when no buffer could be so long. */
  size64(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Corrupt(`size is ${value} at ${this.at}`);
    return Number(value);
  }

  /** LEB128, for counts and lengths: Corrupt past 2^53. */
  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value >= UNSAFE) throw new Corrupt(`varint is ${value} at ${this.at}`);
        return value;
      }
      scale *= 128;
    }
    throw new Corrupt(`varint longer than 10 bytes at ${this.at}`);
  }

  /** LEB128 of 64 bits, unsigned. */
  uvarint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Corrupt(`varint longer than 10 bytes at ${this.at}`);
  }

  /** Zigzag LEB128 of 64 bits, signed. */
  varint64(): bigint {
    const raw = this.uvarint64();
    return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
  }

  /**
   * Zigzag LEB128 of 64 bits into a column that is seen as pairs of 32-bit lanes, low lane first.
   * No BigInt is made: per row that would cost forty times as much.
   */
  varint64Into(lanes: Uint32Array, row: number): void {
    const bytes = this.bytes;
    let at = this.at;
    let low = 0;
    let high = 0;
    let shift = 0;
    for (;;) {
      if (at >= this.end) throw this.#short(1);
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) {
        low |= bits << shift;
      } else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (shift - 32);
      }
      if (byte < 0x80) break;
      shift += 7;
      if (shift > 63) throw new Corrupt(`varint longer than 10 bytes at ${at}`);
    }
    this.at = at;
    // Zigzag: (n >>> 1) ^ -(n & 1), across both lanes.
    const mask = -(low & 1);
    lanes[2 * row] = ((low >>> 1) | (high << 31)) ^ mask;
    lanes[2 * row + 1] = (high >>> 1) ^ mask;
  }

  /** A view of the next `size` bytes. */
  take(size: number): Uint8Array {
    const at = this.#skip(size);
    return this.bytes.subarray(at, at + size);
  }

  skip(size: number): void {
    this.#skip(size);
  }

  /** The next `size` bytes as text. */
  text(size: number): string {
    return DECODER.decode(this.take(size));
  }

  /** A uvarint length and so many bytes of text. */
  string(): string {
    return this.text(this.uvarint());
  }

  #skip(size: number): number {
    const at = this.at;
    if (!(size >= 0 && size <= this.end - at)) throw this.#short(size);
    this.at = at + size;
    return at;
  }

  #short(size: number): Corrupt {
    return new Corrupt(`${size} bytes wanted at ${this.at}, ${this.left} left`);
  }
}

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
