/**
 * Builds streams of what an OTLP body has: resource, scope, record, in this order. Attributes go where
 * the tenant's rules send them (spec http-api §3.6); lines are copied into one text.
 */
import { toHex } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import { metadataName } from "./metadata-name.ts";
import type { AttributeRules, OtlpRules } from "./otlp-rules.ts";
import { flattenOtlp, type OtlpMap, type OtlpValue, printOtlpValue } from "./otlp-value.ts";
import { RowsBuilder, STREAMS_MAX, tooMany } from "./rows-builder.ts";
import { SERVICE_NAME, UNKNOWN_SERVICE } from "./service-name.ts";

/** One stream of a push in OTLP. */
export interface OtlpStream {
  readonly labels: Labels;
  readonly labelText: string;
  readonly rows: Block;
}

export interface OtlpScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: OtlpMap;
  readonly dropped: number;
}

/** A record; times are two lanes of 32 bits each, low and high, 0 for none. */
export interface OtlpRecord {
  readonly time: Uint32Array;
  readonly observed: Uint32Array;
  readonly severityNumber: number;
  readonly severityText: string;
  /** A text as bytes of the body, another value as what it is. */
  readonly body: { readonly bytes: Uint8Array; start: number; end: number } | OtlpValue;
  readonly attributes: OtlpMap;
  readonly dropped: number;
  readonly flags: number;
  /** In hexadecimal, "" for none. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
}

/** What a record has that says nothing, but its times, body and attributes. */
export function plainRecord() {
  return {
    severityNumber: 0,
    severityText: "",
    dropped: 0,
    flags: 0,
    traceId: "",
    spanId: "",
    eventName: "",
  };
}

/** Records, resources and scopes that one push may have: small bodies can hold very many empty ones. */
export const RECORDS_MAX = 500_000;
const HEADS_MAX = 500_000;
/** Characters of names that attributes in attributes get: each has those of all around it. */
const NESTED_NAMES_MAX = 1 << 26;
const ROWS_FIRST = 16;

type Pair = readonly [name: string, value: string];
type Add = (name: string, text: string) => void;

interface Building {
  readonly labels: Labels;
  readonly labelText: string;
  readonly rows: RowsBuilder;
}

export class OtlpStreams {
  readonly #rules: OtlpRules;
  /** What a record has that tells no time. */
  readonly #now: Uint32Array;
  readonly #text = new ByteWriter(1 << 14);
  readonly #streams = new Map<string, Building>();
  #resourceLabels: Pair[] = [];
  /** By names as they are stored, since thousands of names may come to the same. */
  #resourceMetadata: ReadonlyMap<string, string> = new Map();
  #scopeMetadata: ReadonlyMap<string, string> = new Map();
  /** The streams of this resource by the severity that is a label of theirs, "" for none. */
  #bySeverity = new Map<string, Building>();
  readonly #metadata = new Map<string, string>();
  #records = 0;
  #heads = 0;
  #nestedNames = 0;

  constructor(rules: OtlpRules, now: bigint) {
    this.#rules = rules;
    this.#now = new Uint32Array(BigInt64Array.of(now).buffer);
  }

  resource(attributes: OtlpMap, dropped: number): void {
    this.#countHead();
    const { resource } = this.#rules;
    const labels = new Map<string, string>();
    const metadata = new Map(countPair("resource_dropped_attributes_count", dropped));
    this.#resourceMetadata = metadata;
    this.#bySeverity = new Map();
    this.#scopeMetadata = new Map();
    for (const [name, value] of attributes) {
      const action = resource.of(name);
      if (action === "drop") continue;
      const into = action === "index_label" ? labels : metadata;
      this.#flatten(name, value, (key, text) => void into.set(key, text));
    }
    this.#resourceLabels = [...labels];
  }

  scope({ name, version, attributes, dropped }: OtlpScope): void {
    this.#countHead();
    const into = new Map([
      ...textPair("scope_name", name),
      ...textPair("scope_version", version),
      ...countPair("scope_dropped_attributes_count", dropped),
    ]);
    this.#addMetadata(attributes, this.#rules.scope, (key, text) => void into.set(key, text));
    this.#scopeMetadata = into;
  }

  record(record: OtlpRecord): void {
    if (this.#records++ === RECORDS_MAX) throw tooMany("records", RECORDS_MAX);
    const { severityTextAsLabel } = this.#rules;
    const { rows } = this.#stream(severityTextAsLabel ? record.severityText : "");
    const metadata = this.#metadata;
    metadata.clear();
    const add = (name: string, text: string) => void metadata.set(name, text);
    for (const [name, text] of this.#resourceMetadata) add(name, text);
    for (const [name, text] of this.#scopeMetadata) add(name, text);
    this.#addMetadata(record.attributes, this.#rules.log, add);
    addFields(record, severityTextAsLabel, add);
    for (const [name, text] of metadata) rows.pair(name, text);

    const start = this.#text.size;
    this.#line(record.body);
    const time = [record.time, record.observed].find(([low, high]) => low !== 0 || high !== 0);
    const [low, high] = time ?? this.#now;
    rows.addLanes(low!, high!, start, this.#text.size);
  }

  take(): OtlpStream[] {
    const text = this.#text.view();
    return [...this.#streams.values()].map(({ labels, labelText, rows }) => {
      return { labels, labelText, rows: rows.take(text) };
    });
  }

  #countHead(): void {
    if (this.#heads++ === HEADS_MAX) throw tooMany("resources and scopes", HEADS_MAX);
  }

  #addMetadata(attributes: OtlpMap, rules: AttributeRules, add: Add): void {
    for (const [name, value] of attributes) {
      if (rules.of(name) !== "drop") this.#flatten(name, value, add);
    }
  }

  #flatten(name: string, value: OtlpValue, add: Add): void {
    flattenOtlp(name, value, (key, text) => {
      if (key !== name) this.#nestedNames += key.length;
      if (this.#nestedNames > NESTED_NAMES_MAX) {
        throw tooMany("characters of names of nested attributes", NESTED_NAMES_MAX);
      }
      add(metadataName(key), text);
    });
  }

  #line(body: OtlpRecord["body"]): void {
    if (typeof body === "object" && body !== null && "start" in body) {
      this.#text.slice(body.bytes, body.start, body.end);
    } else this.#text.text(printOtlpValue(body));
  }

  #stream(severity: string): Building {
    const known = this.#bySeverity.get(severity);
    if (known !== undefined) return known;
    const pairs = new Map([...this.#resourceLabels, ...textPair("severity_text", severity)]);
    // A stream needs a label, and Loki 3 has this one for whoever gives none.
    if (pairs.size === 0) pairs.set(SERVICE_NAME, UNKNOWN_SERVICE);
    const labels = labelsOf(pairs);
    const labelText = printLabels(labels);
    let stream = this.#streams.get(labelText);
    if (stream === undefined) {
      if (this.#streams.size === STREAMS_MAX) throw tooMany("streams", STREAMS_MAX);
      stream = { labels, labelText, rows: new RowsBuilder(ROWS_FIRST) };
      this.#streams.set(labelText, stream);
    }
    this.#bySeverity.set(severity, stream);
    return stream;
  }
}

/** The parts of a record that are no attributes. */
function addFields(record: OtlpRecord, severityIsLabel: boolean, add: Add): void {
  const { observed, severityNumber, severityText, dropped, flags } = record;
  if (observed[0] !== 0 || observed[1] !== 0) {
    add("observed_timestamp", String((BigInt(observed[1]!) << 32n) | BigInt(observed[0]!)));
  }
  if (severityNumber !== 0) add("severity_number", String(severityNumber));
  if (severityText !== "" && !severityIsLabel) add("severity_text", severityText);
  if (record.traceId !== "") add("trace_id", record.traceId);
  if (record.spanId !== "") add("span_id", record.spanId);
  if (flags !== 0) add("flags", String(flags));
  if (dropped !== 0) add("dropped_attributes_count", String(dropped));
  if (record.eventName !== "") add("event_name", record.eventName);
}

/** An id's hexadecimal text; an id of zeros is none. */
export function hexId(bytes: Uint8Array): string {
  return bytes.every((byte) => byte === 0) ? "" : toHex(bytes);
}

function textPair(name: string, text: string): Pair[] {
  return text === "" ? [] : [[name, text]];
}

function countPair(name: string, count: number): Pair[] {
  return count === 0 ? [] : [[name, String(count)]];
}
