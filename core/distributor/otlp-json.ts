/**
 * Reads OpenTelemetry's JSON of logs into streams. It is proto3's JSON: names in camelCase or as in the
 * .proto file, 64-bit numbers as texts or numbers, enums as numbers or names; but ids are hexadecimal.
 */
import { fromBase64 } from "../bytes/text.ts";
import { JsonScanner } from "./json-scan.ts";
import type { OtlpRecord, OtlpStreams } from "./otlp-streams.ts";
import { OTLP_DEPTH_MAX, type OtlpMap, type OtlpValue } from "./otlp-value.ts";
import { setTime } from "./rows-builder.ts";

/** Throws BadRequest that says at which byte what was wanted. The body is changed; lines are copied out of it. */
export function decodeOtlpJson(body: Uint8Array, into: OtlpStreams): void {
  new Reader(body, into).request();
}

class Reader {
  readonly #json: JsonScanner;
  readonly #into: OtlpStreams;

  constructor(body: Uint8Array, into: OtlpStreams) {
    this.#json = new JsonScanner(body);
    this.#into = into;
  }

  request(): void {
    this.#object("a request", {
      resourceLogs: () => this.#list("resourceLogs", () => this.#resourceLogs()),
    });
    this.#json.finish();
  }

  #resourceLogs(): void {
    const known = () => this.#into.resource(new Map(), 0);
    this.#headThenList(
      "resource",
      () => this.#resource(),
      known,
      "scopeLogs",
      () => this.#scopeLogs(),
    );
  }

  #scopeLogs(): void {
    const none = { name: "", version: "", attributes: new Map(), dropped: 0 };
    const known = () => this.#into.scope(none);
    this.#headThenList(
      "scope",
      () => this.#scope(),
      known,
      "logRecords",
      () => this.#record(),
    );
  }

  #resource(): void {
    let attributes: OtlpMap = new Map();
    let dropped = 0;
    this.#object("a resource", {
      attributes: () => {
        attributes = this.#attributes(0);
      },
      droppedAttributesCount: () => {
        dropped = this.#number("a count");
      },
    });
    this.#into.resource(attributes, dropped);
  }

  #scope(): void {
    let attributes: OtlpMap = new Map();
    const found = { name: "", version: "", dropped: 0 };
    this.#object("a scope", {
      name: () => {
        found.name = this.#text("a name");
      },
      version: () => {
        found.version = this.#text("a version");
      },
      attributes: () => {
        attributes = this.#attributes(0);
      },
      droppedAttributesCount: () => {
        found.dropped = this.#number("a count");
      },
    });
    this.#into.scope({ ...found, attributes });
  }

  #record(): void {
    let attributes: OtlpMap = new Map();
    let body: OtlpRecord["body"] = null;
    const time = new Uint32Array(2);
    const observed = new Uint32Array(2);
    const found = {
      severityNumber: 0,
      severityText: "",
      dropped: 0,
      flags: 0,
      traceId: "",
      spanId: "",
      eventName: "",
    };
    this.#object("a log record", {
      timeUnixNano: () => this.#time(time),
      observedTimeUnixNano: () => this.#time(observed),
      severityNumber: () => {
        found.severityNumber = this.#severity();
      },
      severityText: () => {
        found.severityText = this.#text("a severity");
      },
      body: () => {
        body = this.#body();
      },
      attributes: () => {
        attributes = this.#attributes(0);
      },
      droppedAttributesCount: () => {
        found.dropped = this.#number("a count");
      },
      flags: () => {
        found.flags = this.#number("flags");
      },
      traceId: () => {
        found.traceId = this.#id("a trace id");
      },
      spanId: () => {
        found.spanId = this.#id("a span id");
      },
      eventName: () => {
        found.eventName = this.#text("the name of an event");
      },
    });
    this.#into.record({ ...found, time, observed, body, attributes });
  }

  /** `{"stringValue":"…"}` stays where it is; other bodies are values. */
  #body(): OtlpRecord["body"] {
    const json = this.#json;
    let value: OtlpRecord["body"] = null;
    this.#object("a body", {
      ...this.#valueMembers(0, (other) => {
        value = other;
      }),
      stringValue: () => {
        json.string("a body");
        value = { bytes: json.bytes, start: json.start, end: json.end };
      },
    });
    return value;
  }

  #attributes(depth: number): OtlpMap {
    const attributes = new Map<string, OtlpValue>();
    this.#list("attributes", () => {
      let key = "";
      let value: OtlpValue = null;
      this.#object("an attribute", {
        key: () => {
          key = this.#text("a key");
        },
        value: () => {
          value = this.#value(depth);
        },
      });
      attributes.set(key, value);
    });
    return attributes;
  }

  #value(depth: number): OtlpValue {
    const json = this.#json;
    if (depth > OTLP_DEPTH_MAX) {
      throw json.unexpected(`a value nested at most ${OTLP_DEPTH_MAX} deep`);
    }
    let value: OtlpValue = null;
    const members = this.#valueMembers(depth, (found) => {
      value = found;
    });
    this.#object("a value", members);
    return value;
  }

  #valueMembers(depth: number, found: (value: OtlpValue) => void): Members {
    const json = this.#json;
    return {
      stringValue: () => found(this.#text("a text")),
      boolValue: () => found(json.scalar("true or false") === "true"),
      intValue: () => found(this.#integer()),
      doubleValue: () => found(this.#number("a number")),
      bytesValue: () => found(this.#bytes()),
      arrayValue: () => {
        const items: OtlpValue[] = [];
        this.#object("an array", {
          values: () => this.#list("the values", () => items.push(this.#value(depth + 1))),
        });
        found(items);
      },
      kvlistValue: () => {
        let map: OtlpMap = new Map();
        this.#object("a map", {
          values: () => {
            map = this.#attributes(depth + 1);
          },
        });
        found(map);
      },
    };
  }

  /**
   * An object whose `head` must be read before its `list`, in whichever order they stand: a list that
   * comes first is skipped and returned to.
   */
  #headThenList(
    head: string,
    readHead: () => void,
    noHead: () => void,
    list: string,
    item: () => void,
  ): void {
    const json = this.#json;
    let hasHead = false;
    const waiting: number[] = [];
    this.#object(`what has a ${head}`, {
      [head]: () => {
        hasHead = true;
        readHead();
      },
      [list]: () => {
        if (hasHead) return this.#list(list, item);
        waiting.push(json.at);
        json.pass();
      },
    });
    if (!hasHead) noHead();
    const end = json.at;
    for (const at of waiting) {
      json.at = at;
      this.#list(list, item);
    }
    json.at = end;
  }

  /** Reads the members of an object that we know and skips the others. `null` stands for no object. */
  #object(what: string, members: Members): void {
    const json = this.#json;
    if (json.null()) return;
    json.enter("{", what);
    for (let index = 0; json.more("}", index); index++) {
      const name = json.key();
      const key = name.includes("_") ? camelCase(name) : name;
      const read = Object.hasOwn(members, key) ? members[key] : undefined;
      if (read === undefined) json.skip();
      else if (!json.null()) read();
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

/** How to read members, by their names in camelCase. */
type Members = Readonly<Record<string, () => void>>;

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
