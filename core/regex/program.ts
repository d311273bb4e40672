/**
 * A pattern as instructions of a non-deterministic automaton: Thompson's construction, built from the
 * end so that every instruction knows what follows it. Captures and greed are left out: they decide
 * where a match is, not whether there is one.
 */
import { rangesOfChar } from "./factor.ts";
import { type Assertion, type Node, partsOf } from "./node.ts";
import { regexError } from "./parse-error.ts";
import type { Ranges } from "./ranges.ts";
import { casesOf } from "./unicode.ts";

export const OP = { match: 0, rune: 1, split: 2, assert: 3, fail: 4 } as const;

/** The conditions that assertions ask for, as bits. */
export const CONDITION: Readonly<Record<Assertion, number>> = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
};

/** Instruction i is ops[i] with args[i] and goes on to outs[i]. */
export interface Program {
  readonly ops: Uint8Array;
  /** rune: the index of its set. split: the other way. assert: the condition. */
  readonly args: Int32Array;
  readonly outs: Int32Array;
  readonly start: number;
  readonly sets: readonly Ranges[];
  /** All conditions that any instruction asks for. */
  readonly conditions: number;
}

/** Copies for counted repetitions included. Go allows more, at a price for the process. */
const INSTRUCTIONS_MAX = 200_000;

export function compileProgram(node: Node, pattern: string): Program {
  return new Compiler(pattern).compile(node);
}

class Compiler {
  readonly #pattern: string;
  readonly #ops: number[] = [];
  readonly #args: number[] = [];
  readonly #outs: number[] = [];
  readonly #sets: Ranges[] = [];
  /** Sets by their bounds, and by the array itself: copies of a long class share it. */
  readonly #setIndex = new Map<string | Ranges, number>();
  #conditions = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  compile(node: Node): Program {
    const start = this.#emit(node, this.#add(OP.match, 0, 0));
    return {
      ops: Uint8Array.from(this.#ops),
      args: Int32Array.from(this.#args),
      outs: Int32Array.from(this.#outs),
      start,
      sets: this.#sets,
      conditions: this.#conditions,
    };
  }

  /** Adds the instructions of a node that goes on to `next`. Gives where it starts. */
  #emit(node: Node, next: number): number {
    switch (node.kind) {
      case "noMatch":
        return this.#add(OP.fail, 0, 0);
      case "empty":
        return next;
      case "literal":
        return node.runes.reduceRight(
          (out, rune) => this.#rune(rangesOfRune(rune, node.fold), out),
          next,
        );
      case "class":
      case "any":
      case "anyNotNewline":
        return this.#rune(rangesOfChar(node), next);
      case "capture":
        return this.#emit(node.sub, next);
      case "star":
        return this.#star(node.sub, next);
      case "plus": {
        const loop = this.#add(OP.split, next, 0);
        this.#outs[loop] = this.#emit(node.sub, loop);
        return this.#outs[loop]!;
      }
      case "quest":
        return this.#add(OP.split, next, this.#emit(node.sub, next));
      case "repeat":
        return this.#repeat(node, next);
      case "concat":
        return node.subs.reduceRight((out, sub) => this.#emit(sub, out), next);
      case "alternate":
        return node.subs
          .map((sub) => this.#emit(sub, next))
          .reduceRight((other, start) => this.#add(OP.split, other, start));
      default: {
        const condition = CONDITION[node.kind];
        this.#conditions |= condition;
        return this.#add(OP.assert, condition, next);
      }
    }
  }

  #star(sub: Node, next: number): number {
    const loop = this.#add(OP.split, next, 0);
    this.#outs[loop] = this.#emit(sub, loop);
    return loop;
  }

  #repeat({ min, max, sub }: Node & { kind: "repeat" }, next: number): number {
    if (isEmptyAlways(sub)) return next;
    let out = max < 0 ? this.#star(sub, next) : next;
    // x{2,4} is xx(x(x)?)?: each optional copy may leave for the end.
    for (let copy = min; copy < max; copy++) {
      out = this.#add(OP.split, next, this.#emit(sub, out));
    }
    for (let copy = 0; copy < min; copy++) out = this.#emit(sub, out);
    return out;
  }

  #rune(ranges: Ranges, next: number): number {
    let set = this.#setIndex.get(ranges);
    if (set === undefined) {
      const key = ranges.join();
      set = this.#setIndex.get(key) ?? this.#sets.push(ranges) - 1;
      this.#setIndex.set(key, set).set(ranges, set);
    }
    return this.#add(OP.rune, set, next);
  }

  #add(op: number, arg: number, out: number): number {
    if (this.#ops.length >= INSTRUCTIONS_MAX) {
      throw regexError("expression too large", this.#pattern);
    }
    this.#args.push(arg);
    this.#outs.push(out);
    return this.#ops.push(op) - 1;
  }
}

/** The ranges of a rune: for one of ASCII always the same array, which is found again without a look inside. */
function rangesOfRune(rune: number, fold: boolean): Ranges {
  if (!fold && rune < 0x80) return ASCII_RANGES[rune]!;
  return (fold ? casesOf(rune) : [rune]).flatMap((each) => [each, each]);
}

const ASCII_RANGES: readonly Ranges[] = Array.from({ length: 0x80 }, (_, rune) => [rune, rune]);

/** Whether the node matches the empty text only: repeating it changes nothing. */
function isEmptyAlways(node: Node): boolean {
  return node.kind === "empty" || (node.kind === "capture" && partsOf(node).every(isEmptyAlways));
}
