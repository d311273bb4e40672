/**
 * `-config.expand-env`: variables in the text of the file, as a shell would put them in (spec config §3).
 * The whole text is expanded before it is read as YAML, comments too.
 */

import { toLower, toUpper } from "../golang/letter-case.ts";
import { BadRequest } from "../model/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws BadRequest: `missing closing brace`. */
export function expandEnvironment(text: string, environment: Environment): string {
  return new Expander(text, environment).upTo("end");
}

/** Operators with a text behind them, the longest first. */
const OPERATORS = [
  ":-",
  ":=",
  "=",
  "^^",
  "^",
  ",,",
  ",",
  "##",
  "#",
  "%%",
  "%",
  "//",
  "/#",
  "/%",
  "/",
];

class Expander {
  readonly #text: string;
  readonly #environment: Environment;
  #at = 0;

  constructor(text: string, environment: Environment) {
    this.#text = text;
    this.#environment = environment;
  }

  /** Up to the end of the text, or to the brace or slash that ends an argument, which is left. */
  upTo(end: "end" | "}" | "/"): string {
    let out = "";
    while (this.#at < this.#text.length) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      if (end !== "end" && (rest[0] === "}" || rest[0] === end)) return out;
      if (rest === "${") out += this.#variable();
      else if (rest === "$$") {
        out += "$";
        this.#at += 2;
      } else {
        const next = this.#text.indexOf("$", this.#at + 1);
        const stop = end === "end" ? (next < 0 ? this.#text.length : next) : this.#at + 1;
        out += this.#text.slice(this.#at, stop);
        this.#at = stop;
      }
    }
    if (end !== "end") throw unclosed();
    return out;
  }

  #variable(): string {
    this.#at += 2;
    const length = this.#takes("#");
    const name = this.#take(/[A-Za-z0-9_]*/y);
    if (name === "") throw unclosed();
    const value = this.#environment[name] ?? "";
    const out = length ? String([...value].length) : this.#operation(value);
    if (!this.#takes("}")) throw unclosed();
    return out;
  }

  #operation(value: string): string {
    if (this.#text[this.#at] === "}") return value;
    const place = this.#take(/:\d+(:\d+)?/y);
    if (place !== "") {
      const [, start, size] = place.split(":").map(Number);
      const letters = [...value].slice(start);
      return (size === undefined ? letters : letters.slice(0, size)).join("");
    }
    const operator = OPERATORS.find((text) => this.#takes(text));
    switch (operator) {
      case ":-":
      case ":=":
      case "=": {
        const fallback = this.upTo("}");
        return value === "" ? fallback : value;
      }
      case "^":
        return toUpper(value.slice(0, 1)) + value.slice(1);
      case "^^":
        return toUpper(value);
      case ",":
        return toLower(value.slice(0, 1)) + value.slice(1);
      case ",,":
        return toLower(value);
      case undefined:
        throw unclosed();
      default:
        return this.#edit(operator, value);
    }
  }

  /** Stripping and replacing. */
  #edit(operator: string, value: string): string {
    const argument = this.upTo(operator.startsWith("/") ? "/" : "}");
    const to = operator.startsWith("/") && this.#takes("/") ? this.upTo("}") : "";
    switch (operator) {
      case "#":
        return value.slice(prefixSize(value, argument, "shortest"));
      case "##":
        return value.slice(prefixSize(value, argument, "longest"));
      case "%":
        return value.slice(0, suffixStart(value, argument, "shortest"));
      case "%%":
        return value.slice(0, suffixStart(value, argument, "longest"));
      case "//":
        return argument === "" ? value : value.replaceAll(argument, () => to);
      case "/#":
        return value.startsWith(argument) ? to + value.slice(argument.length) : value;
      case "/%":
        return value.endsWith(argument)
          ? value.slice(0, value.length - argument.length) + to
          : value;
      default:
        return argument === "" ? value : value.replace(argument, () => to);
    }
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }
}

function unclosed(): BadRequest {
  return new BadRequest("missing closing brace");
}

type Reach = "shortest" | "longest";

/** Letters at the front that a shell pattern matches; 0 when it does not. */
function prefixSize(value: string, pattern: string, reach: Reach): number {
  const sizes = Array.from({ length: value.length + 1 }, (_, size) => size);
  if (reach === "longest") sizes.reverse();
  return sizes.find((size) => matchesPattern(value.slice(0, size), pattern)) ?? 0;
}

function suffixStart(value: string, pattern: string, reach: Reach): number {
  const starts = Array.from({ length: value.length + 1 }, (_, start) => start);
  if (reach === "shortest") starts.reverse();
  return starts.find((start) => matchesPattern(value.slice(start), pattern)) ?? value.length;
}

/** `*` is any text, `?` any letter. In linear steps: after a failure only the last star is moved. */
function matchesPattern(text: string, pattern: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[from] === "*") {
      star = from++;
      resume = at;
    } else if (pattern[from] === "?" || pattern[from] === text[at]) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++resume;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(from));
}
