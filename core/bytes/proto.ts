/**
 * The protobuf wire format: tags, varints, lengths. The messages sit by their owners; this knows none.
 *
 *   const field = new ProtoReader(bytes);
 *   while (field.next()) {
 *     if (field.number === 1) labels = field.string();
 *     else field.skip();
 *   }
 */
import { Corrupt } from "../model/errors.ts";
import { ByteCursor } from "./cursor.ts";
import { ByteWriter } from "./writer.ts";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 } as const;

export class ProtoReader {
  readonly #cursor: ByteCursor;
  /** Number of the field that `next` found. */
  number = 0;
  /** Its wire type. */
  wire = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#cursor = new ByteCursor(bytes, start, end);
  }

  /** Moves to the next field; false at the end. The field must then be read or skipped. */
  next(): boolean {
    if (this.#cursor.left === 0) return false;
    const tag = this.#cursor.uvarint();
    this.number = Math.floor(tag / 8);
    this.wire = tag & 7;
    if (this.number === 0) throw new Corrupt(`illegal tag 0 at ${this.#cursor.at}`);
    return true;
  }

  bytes(): Uint8Array {
    this.#want(WIRE.bytes);
    return this.#cursor.take(this.#cursor.uvarint());
  }

  /** A length-delimited field as offsets into the buffer given to the constructor: [start, end). */
  span(): [start: number, end: number] {
    this.#want(WIRE.bytes);
    const size = this.#cursor.uvarint();
    const start = this.#cursor.at;
    this.#cursor.skip(size);
    return [start, start + size];
  }

  string(): string {
    this.#want(WIRE.bytes);
    return this.#cursor.string();
  }

  message(): ProtoReader {
    const [start, end] = this.span();
    return new ProtoReader(this.#cursor.bytes, start, end);
  }

  /** An unsigned whole number below 2^53. */
  uint(): number {
    this.#want(WIRE.varint);
    return this.#cursor.uvarint();
  }

  uint64(): bigint {
    this.#want(WIRE.varint);
    return this.#cursor.uvarint64();
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  bool(): boolean {
    return this.uint64() !== 0n;
  }

  double(): number {
    this.#want(WIRE.fixed64);
    const bytes = this.#cursor.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  fixed64(): bigint {
    this.#want(WIRE.fixed64);
    const bytes = this.#cursor.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  fixed32(): number {
    this.#want(WIRE.fixed32);
    return this.#cursor.u32le();
  }

  skip(): void {
    switch (this.wire) {
      case WIRE.varint:
        this.#cursor.uvarint64();
        break;
      case WIRE.fixed64:
        this.#cursor.skip(8);
        break;
      case WIRE.bytes:
        this.#cursor.skip(this.#cursor.uvarint());
        break;
      case WIRE.fixed32:
        this.#cursor.skip(4);
        break;
      default:
        throw new Corrupt(`illegal wireType ${this.wire} at ${this.#cursor.at}`);
    }
  }

  #want(wire: number): void {
    if (this.wire !== wire) {
      throw new Corrupt(`wrong wireType = ${this.wire} for field ${this.number}, want ${wire}`);
    }
  }
}

/** Writes fields in the order they are called. Nothing is left out: proto3's rule for zeros is the caller's. */
export class ProtoWriter {
  readonly #out = new ByteWriter();

  uint(field: number, value: number): this {
    this.#out.uvarint(field * 8 + WIRE.varint);
    this.#out.uvarint(value);
    return this;
  }

  /** Negative values take ten bytes, as int64 does. */
  int64(field: number, value: bigint): this {
    this.#out.uvarint(field * 8 + WIRE.varint);
    this.#out.uvarint64(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.uint(field, value ? 1 : 0);
  }

  double(field: number, value: number): this {
    this.#out.uvarint(field * 8 + WIRE.fixed64);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#out.raw(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#out.uvarint(field * 8 + WIRE.bytes);
    this.#out.uvarint(value.length);
    this.#out.raw(value);
    return this;
  }

  string(field: number, value: string): this {
    this.#out.uvarint(field * 8 + WIRE.bytes);
    this.#out.string(value);
    return this;
  }

  message(field: number, value: ProtoWriter): this {
    return this.bytes(field, value.#out.view());
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }
}
