/**
 * Reads a push in JSON into columns: `{"streams":[{"stream":{…},"values":[["<ns>","line",{…}],…]}]}`
 * (spec http-api §3.1), and the older `{"labels":"{…}","entries":[{"ts":"…","line":"…"}]}`. Lines stay in
 * the body, unescaped in place. What Loki's decoders let pass, passes: unknown members, a fourth
 * element, a missing line.
 */

import { compareText } from "../bytes/text.ts";
import { quote } from "../golang/quote.ts";
import { parseRfc3339 } from "../golang/rfc3339.ts";
import { JsonScanner } from "./json-scan.ts";
import { type RawStream, RawStreams } from "./raw-stream.ts";
import { RowsBuilder, tooMany } from "./rows-builder.ts";

/** Throws BadRequest that says at which byte what was wanted. The body is changed: it holds the lines then. */
export function decodeJson(body: Uint8Array): RawStream[] {
  const reader = new PushReader(body);
  return reader.request();
}

class PushReader {
  readonly #json: JsonScanner;
  readonly #rows = new RowsBuilder();

  constructor(body: Uint8Array) {
    this.#json = new JsonScanner(body);
  }

  request(): RawStream[] {
    const json = this.#json;
    let streams: RawStream[] = [];
    if (!json.null()) {
      json.enter("{", "a push");
      for (let index = 0; json.more("}", index); index++) {
        if (json.key() === "streams") streams = this.#streams();
        else json.skip();
      }
    }
    json.finish();
    return streams;
  }

  #streams(): RawStream[] {
    const json = this.#json;
    const streams = new RawStreams();
    if (json.null()) return [];
    json.enter("[", "the streams");
    for (let index = 0; json.more("]", index); index++) {
      if (!json.null()) streams.add(this.#stream());
    }
    return streams.take();
  }

  #stream(): RawStream {
    const json = this.#json;
    let labelText = "";
    json.enter("{", "a stream");
    for (let index = 0; json.more("}", index); index++) {
      switch (json.key()) {
        case "stream":
          labelText = printPairs(this.#object("a label"));
          break;
        case "labels":
          json.string("the labels");
          labelText = json.text();
          break;
        case "values":
          this.#list("the values", () => this.#tuple());
          break;
        case "entries":
          this.#list("the entries", () => this.#entry());
          break;
        default:
          json.skip();
      }
    }
    return { labelText, rows: this.#rows.take(json.bytes) };
  }

  /** A member that comes twice counts once: the last is it, as everywhere in JSON. */
  #list(what: string, item: () => void): void {
    const json = this.#json;
    this.#rows.drop();
    if (json.null()) return;
    json.enter("[", what);
    for (let index = 0; json.more("]", index); index++) item();
  }

  /** `["<ns>", "line", {metadata}]` */
  #tuple(): void {
    const json = this.#json;
    json.enter("[", "an entry");
    json.string("the timestamp");
    const { seconds, nanos } = this.#timestamp();
    let [start, end] = [0, 0];
    for (let index = 1; json.more("]", index); index++) {
      if (index === 1) {
        json.string("the line");
        [start, end] = [json.start, json.end];
      } else if (index === 2 && !json.null()) this.#metadata();
      else if (index > 2) json.skip();
    }
    this.#rows.add(seconds, nanos, start, end);
  }

  /** `{"ts": "2026-11-23T06:34:59Z", "line": "…"}` */
  #entry(): void {
    const json = this.#json;
    let time = 0n;
    let [start, end] = [0, 0];
    json.enter("{", "an entry");
    for (let index = 0; json.more("}", index); index++) {
      const key = json.key();
      if (key === "ts") {
        json.string("the time");
        const parsed = parseRfc3339(json.text());
        if (parsed === undefined) throw this.#notThis("a time in RFC 3339");
        time = parsed;
      } else if (key === "line") {
        json.string("the line");
        [start, end] = [json.start, json.end];
      } else json.skip();
    }
    this.#rows.add(Number(time / SECOND), Number(time % SECOND), start, end);
  }

  #metadata(): void {
    for (const [name, value] of this.#object("structured metadata")) this.#rows.pair(name, value);
  }

  /** An object of strings. */
  #object(what: string): Map<string, string> {
    const json = this.#json;
    const pairs = new Map<string, string>();
    if (json.null()) return pairs;
    json.enter("{", what);
    for (let index = 0; json.more("}", index); index++) {
      const name = json.key();
      json.string(`the value of ${what}`);
      if (index === MEMBERS_MAX) throw tooMany(`members of ${what}`, MEMBERS_MAX);
      pairs.set(name, json.text());
    }
    return pairs;
  }

  /** The string just read as decimal nanoseconds: the last nine digits, and what is before them. */
  #timestamp(): { seconds: number; nanos: number } {
    const { bytes, start, end } = this.#json;
    const signed = bytes[start] === MINUS || bytes[start] === PLUS;
    const first = signed ? start + 1 : start;
    const middle = Math.max(first, end - NANO_DIGITS);
    const seconds = digits(bytes, first, middle);
    const nanos = digits(bytes, middle, end);
    if (first === end || Number.isNaN(seconds + nanos)) {
      throw this.#notThis("decimal nanoseconds");
    }
    const sign = bytes[start] === MINUS ? -1 : 1;
    // Up to 2^63 - 1, or 2^63 below zero: 9223372036854775808.
    const nanosMax = sign < 0 ? 854_775_808 : 854_775_807;
    if (seconds > SECONDS_MAX || (seconds === SECONDS_MAX && nanos > nanosMax)) {
      throw this.#notThis("nanoseconds of at most 64 bits");
    }
    return { seconds: sign * seconds, nanos: sign * nanos };
  }

  /** For a string that was read and is not what it must be. */
  #notThis(wanted: string): Error {
    this.#json.at = this.#json.start;
    return this.#json.unexpected(wanted);
  }
}

/** Members of one object of labels or of metadata. */
const MEMBERS_MAX = 1 << 18;
const SECOND = 1_000_000_000n;
const NANO_DIGITS = 9;
const SECONDS_MAX = 9_223_372_036;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** NaN when there is another byte between the digits. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The text that a stream in protobuf would have: both go the same way from here, errors included. */
function printPairs(pairs: ReadonlyMap<string, string>): string {
  const sorted = [...pairs].sort(([a], [b]) => compareText(a, b));
  return `{${sorted.map(([name, value]) => `${name}=${quote(value)}`).join(", ")}}`;
}
