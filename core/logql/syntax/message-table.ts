/**
 * Runs an LALR(1) parser over tokens until it cannot go on. It makes no tree: where it stops, and what it
 * would have read there, is what error messages need. scripts/grammar.ts has the form of the tables.
 */
import { END, type Token } from "./tokens.ts";

export interface Stop {
  /** Of the token that cannot be read. */
  readonly index: number;
  /** What could have been instead; empty when that is more than a message lists. */
  readonly expected: readonly number[];
}

const MAX_EXPECTED = 4;

/** One of the tables of messages.gen.ts. A state's line is taken apart when the parser comes by. */
export class MessageTable {
  readonly #productions: readonly string[];
  readonly #states: readonly string[];

  constructor(text: string) {
    const [, productions = "", ...states] = text.split("\n");
    this.#productions = productions.split(" ");
    this.#states = states;
  }

  /** Undefined when every token could be read. */
  run(tokens: readonly Token[]): Stop | undefined {
    const stack = [0];
    for (let index = 0; index < tokens.length; ) {
      const { kind } = tokens[index]!;
      const [shifts = "", , always = "", reductions = ""] = this.#state(stack.at(-1)!);
      const shift = lookUp(shifts, `${kind}>`);
      if (shift !== undefined) {
        if (kind === END) return undefined;
        stack.push(shift);
        index++;
        continue;
      }
      const explicit = lookUp(reductions, `${kind}<`);
      if (explicit === undefined && always === "") {
        return { index, expected: expectedOf(shifts, reductions) };
      }
      this.#reduce(stack, explicit ?? Number(always));
    }
    return undefined;
  }

  #reduce(stack: number[], production: number): void {
    const [left, size] = this.#productions[production]!.split(":");
    stack.length -= Number(size);
    const [, gotos = ""] = this.#state(stack.at(-1)!);
    stack.push(lookUp(gotos, `${left}>`)!);
  }

  #state(index: number): string[] {
    return this.#states[index]!.split(";");
  }
}

/** The number after the key in `1>20 7>8`. */
function lookUp(list: string, key: string): number | undefined {
  const start = ` ${list}`.indexOf(` ${key}`);
  return start < 0 ? undefined : Number.parseInt(list.slice(start + key.length), 10);
}

function expectedOf(shifts: string, reductions: string): number[] {
  const kinds = [shifts, reductions]
    .flatMap((list) => list.split(" "))
    .map((entry) => Number.parseInt(entry, 10))
    .filter((kind) => kind > END)
    .sort((a, b) => a - b);
  return kinds.length > MAX_EXPECTED ? [] : kinds;
}
