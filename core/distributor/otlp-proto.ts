/**
 * Reads `ExportLogsServiceRequest`, OpenTelemetry's protobuf of logs, into streams. One cursor over the
 * body; a message is a loop up to its end. Fields that we do not know are skipped.
 */
import { ByteCursor } from "../bytes/cursor.ts";
import { WIRE } from "../bytes/proto.ts";
import { TextCache } from "../bytes/text-cache.ts";
import { BadRequest, Corrupt } from "../model/errors.ts";
import {
  hexId,
  type OtlpRecord,
  type OtlpScope,
  type OtlpStreams,
  plainRecord,
} from "./otlp-streams.ts";
import { OTLP_DEPTH_MAX, type OtlpMap, type OtlpValue, ValueCount } from "./otlp-value.ts";

/** Throws BadRequest when the body is no such message. Lines are copied out of the body. */
export function decodeOtlpProto(body: Uint8Array, into: OtlpStreams): void {
  try {
    new Reader(body, into).request();
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    throw new BadRequest(`proto: ${error.message}`, { cause: error });
  }
}

/** Field numbers with their wire type, as they stand in the body. */
const FIELD = {
  resourceLogs: 1 * 8 + WIRE.bytes,
  resource: 1 * 8 + WIRE.bytes,
  scopeLogs: 2 * 8 + WIRE.bytes,
  resourceAttribute: 1 * 8 + WIRE.bytes,
  resourceDropped: 2 * 8 + WIRE.varint,
  scope: 1 * 8 + WIRE.bytes,
  record: 2 * 8 + WIRE.bytes,
  scopeName: 1 * 8 + WIRE.bytes,
  scopeVersion: 2 * 8 + WIRE.bytes,
  scopeAttribute: 3 * 8 + WIRE.bytes,
  scopeDropped: 4 * 8 + WIRE.varint,
  time: 1 * 8 + WIRE.fixed64,
  severityNumber: 2 * 8 + WIRE.varint,
  severityText: 3 * 8 + WIRE.bytes,
  body: 5 * 8 + WIRE.bytes,
  attribute: 6 * 8 + WIRE.bytes,
  dropped: 7 * 8 + WIRE.varint,
  flags: 8 * 8 + WIRE.fixed32,
  traceId: 9 * 8 + WIRE.bytes,
  spanId: 10 * 8 + WIRE.bytes,
  observed: 11 * 8 + WIRE.fixed64,
  eventName: 12 * 8 + WIRE.bytes,
  key: 1 * 8 + WIRE.bytes,
  value: 2 * 8 + WIRE.bytes,
  text: 1 * 8 + WIRE.bytes,
  bool: 2 * 8 + WIRE.varint,
  int: 3 * 8 + WIRE.varint,
  double: 4 * 8 + WIRE.fixed64,
  array: 5 * 8 + WIRE.bytes,
  map: 6 * 8 + WIRE.bytes,
  bytes: 7 * 8 + WIRE.bytes,
  item: 1 * 8 + WIRE.bytes,
} as const;

type Spans = [start: number, end: number][];

class Reader {
  readonly #body: Uint8Array;
  readonly #cursor: ByteCursor;
  readonly #into: OtlpStreams;
  readonly #texts = new TextCache();
  readonly #count = new ValueCount();

  constructor(body: Uint8Array, into: OtlpStreams) {
    this.#body = body;
    this.#cursor = new ByteCursor(body);
    this.#into = into;
  }

  request(): void {
    this.#fields(this.#body.length, (tag, end) => {
      if (tag === FIELD.resourceLogs) this.#resourceLogs(this.#span(end));
      else this.#skip(tag, end);
    });
  }

  /** The resource goes before its records, wherever it stands. */
  #resourceLogs(end: number): void {
    const [resource, scopes] = this.#split(end, FIELD.resource, FIELD.scopeLogs);
    const attributes = new Map<string, OtlpValue>();
    let dropped = 0;
    this.#each(resource, (tag, stop) => {
      if (tag === FIELD.resourceAttribute) this.#keyValue(this.#span(stop), attributes, 0);
      else if (tag === FIELD.resourceDropped) dropped = this.#cursor.uvarint();
      else this.#skip(tag, stop);
    });
    this.#into.resource(attributes, dropped);
    for (const [start, stop] of scopes) {
      this.#cursor.at = start;
      this.#scopeLogs(stop);
    }
    this.#cursor.at = end;
  }

  #scopeLogs(end: number): void {
    const [scope, records] = this.#split(end, FIELD.scope, FIELD.record);
    const attributes = new Map<string, OtlpValue>();
    const found = { name: "", version: "", dropped: 0 };
    this.#each(scope, (tag, stop) => {
      if (tag === FIELD.scopeName) found.name = this.#text(stop);
      else if (tag === FIELD.scopeVersion) found.version = this.#text(stop);
      else if (tag === FIELD.scopeAttribute) this.#keyValue(this.#span(stop), attributes, 0);
      else if (tag === FIELD.scopeDropped) found.dropped = this.#cursor.uvarint();
      else this.#skip(tag, stop);
    });
    this.#into.scope({ ...found, attributes } satisfies OtlpScope);
    for (const [start, stop] of records) {
      this.#cursor.at = start;
      this.#record(stop);
    }
    this.#cursor.at = end;
  }

  #record(end: number): void {
    const cursor = this.#cursor;
    const attributes = new Map<string, OtlpValue>();
    const time = new Uint32Array(2);
    const observed = new Uint32Array(2);
    let body: OtlpRecord["body"] = null;
    const found = plainRecord();
    this.#fields(end, (tag, stop) => {
      switch (tag) {
        case FIELD.time:
          this.#lanes(stop, time);
          break;
        case FIELD.observed:
          this.#lanes(stop, observed);
          break;
        case FIELD.severityNumber:
          found.severityNumber = cursor.uvarint();
          break;
        case FIELD.severityText:
          found.severityText = this.#text(stop);
          break;
        case FIELD.body:
          body = this.#line(this.#span(stop));
          break;
        case FIELD.attribute:
          this.#keyValue(this.#span(stop), attributes, 0);
          break;
        case FIELD.dropped:
          found.dropped = cursor.uvarint();
          break;
        case FIELD.flags:
          found.flags = cursor.u32le();
          break;
        case FIELD.traceId:
          found.traceId = this.#id(stop);
          break;
        case FIELD.spanId:
          found.spanId = this.#id(stop);
          break;
        case FIELD.eventName:
          found.eventName = this.#text(stop);
          break;
        default:
          this.#skip(tag, stop);
      }
    });
    this.#into.record({ ...found, time, observed, body, attributes });
  }

  /** A body that is a text stays where it is. */
  #line(end: number): OtlpRecord["body"] {
    const start = this.#cursor.at;
    if (start < end && this.#body[start] === FIELD.text) {
      this.#cursor.at = start + 1;
      const stop = this.#span(end);
      const textStart = this.#cursor.at;
      if (stop === end) {
        this.#cursor.at = stop;
        return { bytes: this.#body, start: textStart, end: stop };
      }
      this.#cursor.at = start;
    }
    return this.#value(end, 0);
  }

  #keyValue(end: number, into: Map<string, OtlpValue>, depth: number): void {
    this.#count.add();
    let key = "";
    let value: OtlpValue = null;
    this.#fields(end, (tag, stop) => {
      if (tag === FIELD.key) key = this.#text(stop);
      else if (tag === FIELD.value) value = this.#value(this.#span(stop), depth);
      else this.#skip(tag, stop);
    });
    into.set(key, value);
  }

  #value(end: number, depth: number): OtlpValue {
    if (depth > OTLP_DEPTH_MAX) {
      throw new BadRequest(`proto: value nested deeper than ${OTLP_DEPTH_MAX}`);
    }
    let value: OtlpValue = null;
    this.#fields(end, (tag, stop) => {
      switch (tag) {
        case FIELD.text:
          value = this.#text(stop);
          break;
        case FIELD.bool:
          value = this.#cursor.uvarint64() !== 0n;
          break;
        case FIELD.int:
          value = BigInt.asIntN(64, this.#cursor.uvarint64());
          break;
        case FIELD.double:
          value = this.#double(stop);
          break;
        case FIELD.array:
          value = this.#array(this.#span(stop), depth + 1);
          break;
        case FIELD.map:
          value = this.#map(this.#span(stop), depth + 1);
          break;
        case FIELD.bytes:
          value = this.#bytes(stop);
          break;
        default:
          this.#skip(tag, stop);
      }
    });
    return value;
  }

  #array(end: number, depth: number): OtlpValue[] {
    const items: OtlpValue[] = [];
    this.#fields(end, (tag, stop) => {
      if (tag === FIELD.item) {
        this.#count.add();
        items.push(this.#value(this.#span(stop), depth));
      } else this.#skip(tag, stop);
    });
    return items;
  }

  #map(end: number, depth: number): OtlpMap {
    const map = new Map<string, OtlpValue>();
    this.#fields(end, (tag, stop) => {
      if (tag === FIELD.item) this.#keyValue(this.#span(stop), map, depth);
      else this.#skip(tag, stop);
    });
    return map;
  }

  /** Calls `read` at each field, which goes past it. */
  #fields(end: number, read: (tag: number, end: number) => void): void {
    const cursor = this.#cursor;
    while (cursor.at < end) {
      const tag = cursor.uvarint();
      if (tag < 8) throw new Corrupt(`illegal tag 0 at ${cursor.at}`);
      read(tag, end);
      if (cursor.at > end) throw new Corrupt(`field reaches past its message at ${cursor.at}`);
    }
  }

  #each(spans: Spans, read: (tag: number, end: number) => void): void {
    for (const [start, end] of spans) {
      this.#cursor.at = start;
      this.#fields(end, read);
    }
  }

  /** Where the fields of two kinds are; goes to the end. */
  #split(end: number, ...tags: [number, number]): [Spans, Spans] {
    const spans: [Spans, Spans] = [[], []];
    this.#fields(end, (tag) => {
      const index = tags.indexOf(tag);
      if (index < 0) return this.#skip(tag, end);
      const stop = this.#span(end);
      spans[index]!.push([this.#cursor.at, stop]);
      this.#cursor.at = stop;
    });
    return spans;
  }

  /** Reads a length; gives the offset after the field, whose first byte is next. */
  #span(end: number): number {
    const size = this.#cursor.uvarint();
    const stop = this.#cursor.at + size;
    if (stop > end) throw new Corrupt("unexpected EOF");
    return stop;
  }

  #bytes(end: number): Uint8Array {
    const stop = this.#span(end);
    return this.#cursor.take(stop - this.#cursor.at);
  }

  #text(end: number): string {
    const stop = this.#span(end);
    const text = this.#texts.read(this.#body, this.#cursor.at, stop);
    this.#cursor.at = stop;
    return text;
  }

  #id(end: number): string {
    return hexId(this.#bytes(end));
  }

  #lanes(end: number, into: Uint32Array): void {
    this.#want(8, end);
    into[0] = this.#cursor.u32le();
    into[1] = this.#cursor.u32le();
  }

  #double(end: number): number {
    const lanes = new Uint32Array(2);
    this.#lanes(end, lanes);
    return new Float64Array(lanes.buffer)[0]!;
  }

  #want(size: number, end: number): void {
    if (this.#cursor.at + size > end) throw new Corrupt("unexpected EOF");
  }

  #skip(tag: number, end: number): void {
    this.#skipValue(tag & 7, end);
  }

  #skipValue(wire: number, end: number): void {
    switch (wire) {
      case WIRE.varint:
        this.#cursor.uvarint64();
        return;
      case WIRE.fixed64:
        this.#cursor.skip(8);
        return;
      case WIRE.bytes:
        this.#cursor.at = this.#span(end);
        return;
      case WIRE.fixed32:
        this.#cursor.skip(4);
        return;
      case WIRE.group:
        this.#skipGroup(end);
        return;
      default:
        throw new Corrupt(`illegal wireType ${wire} at ${this.#cursor.at}`);
    }
  }

  /** Groups are older than messages; nobody sends them, and every reader goes past them. */
  #skipGroup(end: number): void {
    for (let depth = 1; depth > 0; ) {
      const wire = this.#cursor.uvarint() & 7;
      if (wire === WIRE.group) depth++;
      else if (wire === WIRE.groupEnd) depth--;
      else this.#skipValue(wire, end);
    }
  }
}
