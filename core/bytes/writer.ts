/** Writes binary values into a buffer that grows. `take()` hands the bytes on; `reset()` starts anew in the same memory. */

const ENCODER = new TextEncoder();

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #at = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#at;
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
  }

  /** Big-endian. */
  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
  }

  /** Little-endian. */
  u32le(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  /** Big-endian; a negative value is written in two's complement. */
  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value));
  }

  /** Big-endian, from a whole number below 2^53. */
  size64(value: number): void {
    this.u32(Math.floor(value / 4294967296));
    this.u32(value >>> 0);
  }

  /** LEB128 of a whole number below 2^53. */
  uvarint(value: number): void {
    let at = this.#grow(10);
    const bytes = this.#bytes;
    while (value >= 0x80) {
      bytes[at++] = (value & 0x7f) | 0x80;
      value = value > 0x7fffffff ? Math.floor(value / 128) : value >>> 7;
    }
    bytes[at++] = value;
    this.#at = at;
  }

  /** LEB128 of 64 bits, unsigned; a negative value counts as its two's complement. */
  uvarint64(value: bigint): void {
    let left = BigInt.asUintN(64, value);
    while (left >= 0x80n) {
      this.u8(Number(left & 0x7fn) | 0x80);
      left >>= 7n;
    }
    this.u8(Number(left));
  }

  /** Zigzag LEB128 of 64 bits, signed. */
  varint64(value: bigint): void {
    const wide = BigInt.asIntN(64, value);
    this.uvarint64((wide << 1n) ^ (wide >> 63n));
  }

  /** Zigzag LEB128 of row `row` of a 64-bit column seen as 32-bit lanes, low lane first. */
  varint64From(lanes: Uint32Array, row: number): void {
    const sign = (lanes[2 * row + 1]! | 0) >> 31;
    let low = ((lanes[2 * row]! << 1) ^ sign) >>> 0;
    let high = (((lanes[2 * row + 1]! << 1) | (lanes[2 * row]! >>> 31)) ^ sign) >>> 0;
    let at = this.#grow(10);
    const bytes = this.#bytes;
    while (high !== 0 || low >= 0x80) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[at++] = low;
    this.#at = at;
  }

  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Copies `source[start, end)`: for short pieces cheaper than a view and `raw`. */
  slice(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    let at = this.#grow(size);
    const bytes = this.#bytes;
    if (size > 96) {
      bytes.set(source.subarray(start, end), at);
      return;
    }
    while (start < end) bytes[at++] = source[start++]!;
  }

  zeros(count: number): void {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, at + count);
  }

  /** Text as UTF-8, without a length. */
  text(text: string): void {
    const at = this.#grow(text.length * 3);
    const { written } = ENCODER.encodeInto(text, this.#bytes.subarray(at));
    this.#at = at + written;
  }

  /** A uvarint length and the text as UTF-8. */
  string(text: string): void {
    const bytes = ENCODER.encode(text);
    this.uvarint(bytes.length);
    this.raw(bytes);
  }

  /** Writes a big-endian u32 over four bytes written before. */
  patch32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }

  /** What has been written, as a view that the next write may move away from. */
  view(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, this.#at);
  }

  /** What has been written, as bytes of their own. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  reset(): void {
    this.#at = 0;
  }

  #grow(size: number): number {
    const at = this.#at;
    const end = at + size;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#at = end;
    return at;
  }
}
