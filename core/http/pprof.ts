/**
 * Profiles in pprof's format (github.com/google/pprof, proto/profile.proto), which `go tool pprof` and Grafana
 * Pyroscope read: stacks of locations, each a line of a function, and a row of values for each stack.
 *
 *   Profile   1 sample_type…  2 sample…  4 location…  5 function…  6 string…  9 time  10 duration  11 period_type  12 period
 *   ValueType 1 type  2 unit
 *   Sample    1 location ids, packed  2 values, packed
 *   Location  1 id  4 line (1 function id  2 line)
 *   Function  1 id  2 name  3 system name  4 file
 *
 * Texts are indexes into the strings, of which the first is "".
 */
import { ProtoWriter } from "../bytes/proto.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Frame } from "../ports/profiler.ts";

/** `["cpu", "nanoseconds"]` */
export type ValueType = readonly [type: string, unit: string];

export interface Profile {
  readonly types: readonly ValueType[];
  readonly samples: readonly ProfileSample[];
  /** When it began, Unix nanoseconds. */
  readonly time: bigint;
  readonly durationNs?: number;
  readonly period?: { readonly type: ValueType; readonly value: number };
}

export interface ProfileSample {
  /** The innermost first. */
  readonly frames: readonly Frame[];
  /** One for each type. */
  readonly values: readonly number[];
}

export function encodePprof(profile: Profile): Uint8Array<ArrayBuffer> {
  const tables = new Tables();
  const out = new ProtoWriter();
  for (const type of profile.types) out.message(1, tables.valueType(type));
  for (const { frames, values } of profile.samples) {
    const ids = frames.map((frame) => tables.location(frame));
    out.message(2, new ProtoWriter().bytes(1, packed(ids)).bytes(2, packed(values)));
  }
  for (const location of tables.locations) out.message(4, location);
  for (const each of tables.functions) out.message(5, each);
  const periodType = profile.period && tables.valueType(profile.period.type);
  for (const text of tables.strings) out.string(6, text);
  out.int64(9, profile.time);
  if (profile.durationNs !== undefined) out.uint(10, profile.durationNs);
  if (periodType !== undefined) out.message(11, periodType).uint(12, profile.period!.value);
  return out.take();
}

/** What samples refer to by number, each once. */
class Tables {
  readonly locations: ProtoWriter[] = [];
  readonly functions: ProtoWriter[] = [];
  readonly #strings = new Map<string, number>([["", 0]]);
  readonly #ids = new Map<string, number>();

  get strings(): Iterable<string> {
    return this.#strings.keys();
  }

  valueType([type, unit]: ValueType): ProtoWriter {
    return new ProtoWriter().uint(1, this.#string(type)).uint(2, this.#string(unit));
  }

  location({ name, file, line }: Frame): number {
    return this.#once(`line ${line} ${file}\n${name}`, this.locations, (id) => {
      const place = new ProtoWriter().uint(1, this.#function(name, file)).uint(2, line);
      return new ProtoWriter().uint(1, id).message(4, place);
    });
  }

  #function(name: string, file: string): number {
    return this.#once(`function ${file}\n${name}`, this.functions, (id) => {
      const text = this.#string(name);
      const writer = new ProtoWriter().uint(1, id).uint(2, text).uint(3, text);
      return writer.uint(4, this.#string(file));
    });
  }

  /** Ids count from 1 in each list. */
  #once(key: string, list: ProtoWriter[], make: (id: number) => ProtoWriter): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = list.length + 1;
    list.push(make(id));
    this.#ids.set(key, id);
    return id;
  }

  #string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, this.#strings.size);
    return this.#strings.size - 1;
  }
}

function packed(values: readonly number[]): Uint8Array {
  const out = new ByteWriter(16);
  for (const value of values) out.uvarint(value);
  return out.take();
}
