/** Values by path, from the first layer that sets them; keys that nobody sets have their defaults. */
import { assert, Bug } from "../model/errors.ts";
import { KEYS, keysBelow } from "./keys.ts";
import { type Item, type Layer, sameValue, type Value } from "./value.ts";

const MS_NS = 1e6;

export class Config {
  readonly #layers: readonly Layer[];

  /** The first layer wins. */
  constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** Undefined for a key that nobody sets and that has no default. */
  value(path: string): Value | undefined {
    const key = KEYS.get(path);
    if (key === undefined) throw new Bug(`the configuration has no key ${path}`);
    for (const layer of this.#layers) {
      const value = layer.get(path);
      if (value !== undefined) return value;
    }
    return key.initial;
  }

  /** "" for a text that has no default. */
  text(path: string): string {
    const value = this.value(path) ?? "";
    assert(typeof value === "string", `${path} is ${value}, no text`);
    return value;
  }

  bool(path: string): boolean {
    const value = this.value(path) ?? false;
    assert(typeof value === "boolean", `${path} is ${value}, not true or false`);
    return value;
  }

  number(path: string): number {
    const value = this.value(path) ?? 0;
    assert(typeof value === "number", `${path} is ${value}, no number`);
    return value;
  }

  /** A size. */
  bytes(path: string): number {
    return this.number(path);
  }

  /** A duration in milliseconds. */
  ms(path: string): number {
    const value = this.value(path) ?? 0n;
    assert(typeof value === "bigint", `${path} is ${value}, no duration`);
    return Number(value) / MS_NS;
  }

  list(path: string): readonly string[] {
    return this.#array(path) as readonly string[];
  }

  /** Blocks of a list, such as those of `schema_config.configs`. */
  items(path: string): readonly Item[] {
    return this.#array(path) as readonly Item[];
  }

  #array(path: string): readonly Value[] {
    const value = this.value(path) ?? [];
    assert(Array.isArray(value), `${path} is no list`);
    return value;
  }

  isDefault(path: string): boolean {
    return sameValue(this.value(path), KEYS.get(path)?.initial);
  }

  /** Whether every key at or below a path has its default. */
  isDefaultBelow(path: string): boolean {
    return keysBelow(path).every((key) => this.isDefault(key.path));
  }
}
