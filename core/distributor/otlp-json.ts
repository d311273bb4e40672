/**
 * Reads OpenTelemetry's JSON of logs into streams. It is proto3's JSON: names in camelCase or as in the
 * .proto file, 64-bit numbers as texts or numbers, enums as numbers or names; but ids are hexadecimal.
 */
import { fromBase64 } from "../bytes/text.ts";
import { JsonScanner } from "./json-scan.ts";
import { type OtlpRecord, type OtlpStreams, plainRecord } from "./otlp-streams.ts";
import { OTLP_DEPTH_MAX, type OtlpMap, type OtlpValue, ValueCount } from "./otlp-value.ts";
import { setTime } from "./rows-builder.ts";

/** Throws BadRequest that says at which byte what was wanted. The body is changed; lines are copied out of it. */
export function decodeOtlpJson(body: Uint8Array, into: OtlpStreams): void {
  new Reader(body, into).request();
}

class Reader {
  readonly #json: JsonScanner;
  readonly #into: OtlpStreams;
  readonly #count = new ValueCount();

  constructor(body: Uint8Array, into: OtlpStreams) {
    this.#json = new JsonScanner(body);
    this.#into = into;
  }

  request(): void {
    this.#object("a request", (key) => {
      if (key !== "resourceLogs") return false;
      this.#list("resourceLogs", () => this.#resourceLogs());
      return true;
    });
    this.#json.finish();
  }

  #resourceLogs(): void {
    this.#headThenList({
      ...{ head: "resource", readHead: () => this.#resource() },
      noHead: () => this.#into.resource(new Map(), 0),
      ...{ list: "scopeLogs", item: () => this.#scopeLogs() },
    });
  }

  #scopeLogs(): void {
    const none = { name: "", version: "", attributes: new Map(), dropped: 0 };
    this.#headThenList({
      ...{ head: "scope", readHead: () => this.#scope() },
      noHead: () => this.#into.scope(none),
      ...{ list: "logRecords", item: () => this.#record() },
    });
  }

  #resource(): void {
    let attributes: OtlpMap = new Map();
    let dropped = 0;
    this.#object("a resource", (key) => {
      if (key === "attributes") attributes = this.#attributes(0);
      else if (key === "droppedAttributesCount") dropped = this.#number("a count");
      else return false;
      return true;
    });
    this.#into.resource(attributes, dropped);
  }

  #scope(): void {
    let attributes: OtlpMap = new Map();
    const found = { name: "", version: "", dropped: 0 };
    this.#object("a scope", (key) => {
      if (key === "name") found.name = this.#text("a name");
      else if (key === "version") found.version = this.#text("a version");
      else if (key === "attributes") attributes = this.#attributes(0);
      else if (key === "droppedAttributesCount") found.dropped = this.#number("a count");
      else return false;
      return true;
    });
    this.#into.scope({ ...found, attributes });
  }

  #record(): void {
    let attributes: OtlpMap = new Map();
    let body: OtlpRecord["body"] = null;
    const time = new Uint32Array(2);
    const observed = new Uint32Array(2);
    const found = plainRecord();
    this.#object("a log record", (key) => {
      switch (key) {
        case "timeUnixNano":
          this.#time(time);
          return true;
        case "observedTimeUnixNano":
          this.#time(observed);
          return true;
        case "severityNumber":
          found.severityNumber = this.#severity();
          return true;
        case "severityText":
          found.severityText = this.#text("a severity");
          return true;
        case "body":
          body = this.#body();
          return true;
        case "attributes":
          attributes = this.#attributes(0);
          return true;
        case "droppedAttributesCount":
          found.dropped = this.#number("a count");
          return true;
        case "flags":
          found.flags = this.#number("flags");
          return true;
        case "traceId":
          found.traceId = this.#id("a trace id");
          return true;
        case "spanId":
          found.spanId = this.#id("a span id");
          return true;
        case "eventName":
          found.eventName = this.#text("the name of an event");
          return true;
        default:
          return false;
      }
    });
    this.#into.record({ ...found, time, observed, body, attributes });
  }

  /** `{"stringValue":"…"}` stays where it is; other bodies are values. */
  #body(): OtlpRecord["body"] {
    const json = this.#json;
    let body: OtlpRecord["body"] = null;
    this.#object("a body", (key) => {
      if (key === "stringValue") {
        json.string("a body");
        body = { bytes: json.bytes, start: json.start, end: json.end };
        return true;
      }
      const value = this.#valueOf(key, 0);
      if (value !== undefined) body = value;
      return value !== undefined;
    });
    return body;
  }

  #attributes(depth: number): OtlpMap {
    const attributes = new Map<string, OtlpValue>();
    this.#list("attributes", () => {
      this.#count.add();
      let name = "";
      let value: OtlpValue = null;
      this.#object("an attribute", (key) => {
        if (key === "key") name = this.#text("a key");
        else if (key === "value") value = this.#value(depth);
        else return false;
        return true;
      });
      attributes.set(name, value);
    });
    return attributes;
  }

  #value(depth: number): OtlpValue {
    if (depth > OTLP_DEPTH_MAX) {
      throw this.#json.unexpected(`a value nested at most ${OTLP_DEPTH_MAX} deep`);
    }
    let value: OtlpValue = null;
    this.#object("a value", (key) => {
      const found = this.#valueOf(key, depth);
      if (found !== undefined) value = found;
      return found !== undefined;
    });
    return value;
  }

  /** The value that a member of `AnyValue` has; undefined, and nothing is read, when it is no member of it. */
  #valueOf(key: string, depth: number): OtlpValue | undefined {
    switch (key) {
      case "stringValue":
        return this.#text("a text");
      case "boolValue":
        return this.#json.scalar("true or false") === "true";
      case "intValue":
        return this.#integer();
      case "doubleValue":
        return this.#number("a number");
      case "bytesValue":
        return this.#bytes();
      case "arrayValue": {
        const items: OtlpValue[] = [];
        this.#values("an array", () =>
          this.#list("the values", () => {
            this.#count.add();
            items.push(this.#value(depth + 1));
          }),
        );
        return items;
      }
      case "kvlistValue": {
        let map: OtlpMap = new Map();
        this.#values("a map", () => {
          map = this.#attributes(depth + 1);
        });
        return map;
      }
      default:
        return undefined;
    }
  }

  #values(what: string, read: () => void): void {
    this.#object(what, (key) => {
      if (key !== "values") return false;
      read();
      return true;
    });
  }

  /**
   * An object whose `head` must be read before its `list`, in whichever order they stand: a list that
   * comes first is skipped and returned to.
   */
  #headThenList({ head, readHead, noHead, list, item }: HeadThenList): void {
    const json = this.#json;
    let hasHead = false;
    const waiting: number[] = [];
    this.#object(`what has a ${head}`, (key) => {
      if (key === head) {
        hasHead = true;
        readHead();
      } else if (key !== list) return false;
      else if (hasHead) this.#list(list, item);
      else {
        waiting.push(json.at);
        json.pass();
      }
      return true;
    });
    if (!hasHead) noHead();
    const end = json.at;
    for (const at of waiting) {
      json.at = at;
      this.#list(list, item);
    }
    json.at = end;
  }

  /** Goes over the members of an object; those that `read` does not know are skipped. `null` stands for none. */
  #object(what: string, read: (key: string) => boolean): void {
    const json = this.#json;
    if (json.null()) return;
    json.enter("{", what);
    for (let index = 0; json.more("}", index); index++) {
      const name = json.key();
      const key = name.includes("_") ? camelCase(name) : name;
      if (!json.null() && !read(key)) json.skip();
    }
  }

  #list(what: string, item: () => void): void {
    const json = this.#json;
    if (json.null()) return;
    json.enter("[", what);
    for (let index = 0; json.more("]", index); index++) item();
  }

  #text(what: string): string {
    this.#json.string(what);
    return this.#json.text();
  }

  #id(what: string): string {
    const id = this.#text(what).toLowerCase();
    if (!/^[0-9a-f]*$/.test(id) || id.length % 2 !== 0)
      throw this.#notThis(`${what} in hexadecimal`);
    return /^0*$/.test(id) ? "" : id;
  }

  #bytes(): Uint8Array {
    const text = this.#text("bytes in base64").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = fromBase64(text);
    if (bytes === undefined) throw this.#notThis("bytes in base64");
    return bytes;
  }

  /** Nanoseconds as a text or as a number. */
  #time(into: Uint32Array): void {
    const text = this.#json.scalar("nanoseconds");
    if (!/^\d{1,20}$/.test(text)) throw this.#notThis("decimal nanoseconds");
    setTime(into, 0, Number(text.slice(0, -9)), Number(text.slice(-9)));
  }

  #integer(): bigint {
    const text = this.#json.scalar("a whole number");
    if (!/^-?\d{1,20}$/.test(text)) throw this.#notThis("a whole number");
    return BigInt.asIntN(64, BigInt(text));
  }

  #number(what: string): number {
    const text = this.#json.scalar(what);
    const special = SPECIAL.get(text);
    if (special !== undefined) return special;
    const value = Number(text);
    if (text === "" || Number.isNaN(value)) throw this.#notThis(what);
    return value;
  }

  /** A number, or the name of one: `SEVERITY_NUMBER_INFO2` is 10. */
  #severity(): number {
    const text = this.#json.scalar("a severity's number");
    const named = SEVERITY.exec(text);
    if (named === null && !/^\d{1,9}$/.test(text)) throw this.#notThis("a severity's number");
    if (named === null) return Number(text);
    if (named[1] === "UNSPECIFIED") return 0;
    return 4 * SEVERITIES.indexOf(named[1]!) + Number(named[2] || 1);
  }

  /** For a value that was read and is not what it must be. */
  #notThis(wanted: string): Error {
    this.#json.at = this.#json.start;
    return this.#json.unexpected(wanted);
  }
}

interface HeadThenList {
  readonly head: string;
  readonly readHead: () => void;
  readonly noHead: () => void;
  readonly list: string;
  readonly item: () => void;
}

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);
const SEVERITIES = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const SEVERITY = /^SEVERITY_NUMBER_(UNSPECIFIED|TRACE|DEBUG|INFO|WARN|ERROR|FATAL)([234]?)$/;

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
