/**
 * Reads `logproto.PushRequest` (spec wire §2.1) into columns. Lines are not touched: a row has the
 * offsets of its line in the body. One loop over one array, since this is what promtail and its like
 * send all day.
 */
import { fromUtf8 } from "../bytes/text.ts";
import { BadRequest } from "../model/errors.ts";
import { type RawStream, RawStreams } from "./raw-stream.ts";
import { RowsBuilder } from "./rows-builder.ts";

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;

/** Field numbers shifted and joined with their wire type: the tags that we read. */
const TAG = {
  stream: (1 << 3) | WIRE_BYTES,
  labels: (1 << 3) | WIRE_BYTES,
  entry: (2 << 3) | WIRE_BYTES,
  timestamp: (1 << 3) | WIRE_BYTES,
  line: (2 << 3) | WIRE_BYTES,
  metadata: (3 << 3) | WIRE_BYTES,
  seconds: (1 << 3) | WIRE_VARINT,
  nanos: (2 << 3) | WIRE_VARINT,
  name: (1 << 3) | WIRE_BYTES,
  value: (2 << 3) | WIRE_BYTES,
} as const;

/** Roughly the bytes of a short entry: for a first size of the columns. */
const ENTRY_BYTES = 64;
const ROWS_FIRST_MAX = 65_536;

/** Throws BadRequest in the words of Go's protobuf. The rows are views of `body`. */
export function decodeProto(body: Uint8Array): RawStream[] {
  return new PushReader(body).request();
}

class PushReader {
  readonly #body: Uint8Array;
  readonly #rows: RowsBuilder;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
    this.#rows = new RowsBuilder(
      Math.min(ROWS_FIRST_MAX, Math.max(16, Math.ceil(body.length / ENTRY_BYTES))),
    );
  }

  request(): RawStream[] {
    const streams = new RawStreams();
    const end = this.#body.length;
    while (this.#at < end) {
      const tag = this.#tag(end);
      if (tag === TAG.stream) streams.add(this.#stream(this.#span(end)));
      else this.#skip(tag, end, [1]);
    }
    return streams.take();
  }

  #stream(end: number): RawStream {
    let labelText = "";
    while (this.#at < end) {
      const tag = this.#tag(end);
      if (tag === TAG.entry) this.#entry(this.#span(end));
      else if (tag === TAG.labels) labelText = this.#text(end);
      else this.#skip(tag, end, [1, 2]);
    }
    return { labelText, rows: this.#rows.take(this.#body) };
  }

  #entry(end: number): void {
    let [seconds, nanos, start, stop] = [0, 0, 0, 0];
    while (this.#at < end) {
      const tag = this.#tag(end);
      if (tag === TAG.line) {
        stop = this.#span(end);
        start = this.#at;
        this.#at = stop;
      } else if (tag === TAG.timestamp) {
        const timeEnd = this.#span(end);
        while (this.#at < timeEnd) {
          const part = this.#tag(timeEnd);
          if (part === TAG.seconds) seconds = this.#signed(timeEnd);
          else if (part === TAG.nanos) nanos = this.#signed(timeEnd);
          else this.#skip(part, timeEnd, [1, 2]);
        }
      } else if (tag === TAG.metadata) this.#metadata(this.#span(end));
      else this.#skip(tag, end, [1, 2, 3]);
    }
    if (nanos < 0 || nanos >= 1e9) {
      throw new BadRequest(`timestamp: nanos are ${nanos}, not in range [0, 1e9)`);
    }
    this.#rows.add(seconds, nanos, start, stop);
  }

  #metadata(end: number): void {
    let name = "";
    let value = "";
    while (this.#at < end) {
      const tag = this.#tag(end);
      if (tag === TAG.name) name = this.#text(end);
      else if (tag === TAG.value) value = this.#text(end);
      else this.#skip(tag, end, [1, 2]);
    }
    this.#rows.pair(name, value);
  }

  #tag(end: number): number {
    const tag = this.#uvarint(end);
    if (tag < 8) throw new BadRequest(`proto: illegal tag 0 (wire type ${tag})`);
    return tag;
  }

  /** Reads a length; gives the offset just past the field, whose first byte is next. */
  #span(end: number): number {
    const stop = this.#uvarint(end) + this.#at;
    if (stop > end) throw new BadRequest("unexpected EOF");
    return stop;
  }

  #text(end: number): string {
    const stop = this.#span(end);
    const text = fromUtf8(this.#body, this.#at, stop);
    this.#at = stop;
    return text;
  }

  /** Whole numbers up to 64 bits, as doubles: exact below 2^53, which is all that a time or a length needs. */
  #uvarint(end: number): number {
    const body = this.#body;
    let at = this.#at;
    let value = 0;
    let scale = 1;
    for (let size = 0; size < 10; size++) {
      if (at >= end) throw new BadRequest("unexpected EOF");
      const byte = body[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.#at = at;
        return value;
      }
      scale *= 128;
    }
    throw new BadRequest("proto: integer overflow");
  }

  /** A varint in two's complement: a negative value takes all ten bytes. */
  #signed(end: number): number {
    const first = this.#at;
    const value = this.#uvarint(end);
    if (value < 0x8000_0000_0000_0000) return value;
    // Negative, so take it apart: ~value is small, and value = -(~value + 1).
    let inverse = 0;
    for (let at = first, scale = 1; at < this.#at; at++, scale *= 128) {
      const bits = ~this.#body[at]! & (at === first + 9 ? 0x01 : 0x7f);
      inverse += bits * scale;
    }
    return -(inverse + 1);
  }

  /** Skips a field that we do not know; one of `known` numbers comes here when its wire type is wrong. */
  #skip(tag: number, end: number, known: readonly number[]): void {
    const [number, wire] = [Math.floor(tag / 8), tag & 7];
    if (known.includes(number)) {
      throw new BadRequest(`proto: wrong wireType = ${wire} for field ${number}`);
    }
    this.#skipValue(wire, end);
  }

  #skipValue(wire: number, end: number): void {
    if (wire === WIRE_VARINT) this.#uvarint(end);
    else if (wire === WIRE_BYTES) this.#at = this.#span(end);
    else if (wire === WIRE_FIXED64 || wire === WIRE_FIXED32) {
      this.#at += wire === WIRE_FIXED64 ? 8 : 4;
      if (this.#at > end) throw new BadRequest("unexpected EOF");
    } else if (wire === WIRE_GROUP) this.#skipGroup(end);
    else if (wire === WIRE_GROUP_END) {
      throw new BadRequest("proto: wiretype end group for non-group");
    } else throw new BadRequest(`proto: illegal wireType ${wire}`);
  }

  /** Groups are older than messages; nobody sends them, and every reader goes past them. */
  #skipGroup(end: number): void {
    for (let depth = 1; depth > 0; ) {
      const wire = this.#tag(end) & 7;
      if (wire === WIRE_GROUP) depth++;
      else if (wire === WIRE_GROUP_END) depth--;
      else this.#skipValue(wire, end);
    }
  }
}
