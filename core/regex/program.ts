/**
 * A pattern as instructions of a non-deterministic automaton: Thompson's construction, built from the
 * end so that every instruction knows what follows it. Captures are in it only when asked for: they
 * say where the parts of a match are, not whether there is one.
 */
import { rangesOfChar } from "./factor.ts";
import { type Assertion, isNullable, type Node, partsOf } from "./node.ts";
import { regexError } from "./parse-error.ts";
import type { Ranges } from "./ranges.ts";
import { casesOf } from "./unicode.ts";

export const OP = { match: 0, rune: 1, split: 2, assert: 3, fail: 4, save: 5 } as const;

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
  /** rune: the index of its set. split: the second choice. assert: the condition. save: which end of which group. */
  readonly args: Int32Array;
  readonly outs: Int32Array;
  readonly start: number;
  readonly sets: readonly Ranges[];
  /** All conditions that any instruction asks for. */
  readonly conditions: number;
  /** Whether a loop may turn without reading anything. */
  readonly idles: boolean;
}

/** Copies for counted repetitions included. Go allows more, at a price for the process. */
const INSTRUCTIONS_MAX = 200_000;

export function compileProgram(
  node: Node,
  pattern: string,
  options: { captures?: boolean } = {},
): Program {
  return new Compiler(pattern, options.captures ?? false).compile(node);
}

class Compiler {
  readonly #pattern: string;
  readonly #captures: boolean;
  readonly #ops: number[] = [];
  readonly #args: number[] = [];
  readonly #outs: number[] = [];
  readonly #sets: Ranges[] = [];
  /** Sets by their bounds, and by the array itself: copies of a long class share it. */
  readonly #setIndex = new Map<string | Ranges, number>();
  #conditions = 0;
  #idles = false;

  constructor(pattern: string, captures: boolean) {
    this.#pattern = pattern;
    this.#captures = captures;
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
      idles: this.#idles,
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
      case "capture": {
        if (!this.#captures) return this.#emit(node.sub, next);
        const close = this.#add(OP.save, 2 * node.index + 1, next);
        return this.#add(OP.save, 2 * node.index, this.#emit(node.sub, close));
      }
      case "star":
        return this.#star(node.sub, next, node.greedy);
      case "plus":
        return this.#plus(node.sub, next, node.greedy);
      case "quest":
        return this.#choice(this.#emit(node.sub, next), next, node.greedy);
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

  #star(sub: Node, next: number, greedy: boolean): number {
    // As in Go: a turn that may be empty is tried once before the loop is left, (x+)? and not x*.
    if (isNullable(sub)) return this.#choice(this.#plus(sub, next, greedy), next, greedy);
    const loop = this.#choice(0, next, greedy);
    this.#enter(loop, this.#emit(sub, loop), greedy);
    return loop;
  }

  #plus(sub: Node, next: number, greedy: boolean): number {
    if (isNullable(sub)) this.#idles = true;
    const loop = this.#choice(0, next, greedy);
    const start = this.#emit(sub, loop);
    this.#enter(loop, start, greedy);
    return start;
  }

  #repeat({ min, max, sub, greedy }: Node & { kind: "repeat" }, next: number): number {
    if (isEmptyAlways(sub)) {
      // However often it is there, it is there at one place.
      if (!this.#captures || max === 0) return next;
      const once = this.#emit(sub, next);
      return min > 0 ? once : this.#choice(once, next, greedy);
    }
    // x{3,} is xxx+, and x{2,4} is xx(x(x)?)?: each optional copy may leave for the end.
    let out = next;
    if (max < 0) out = min === 0 ? this.#star(sub, next, greedy) : this.#plus(sub, next, greedy);
    for (let copy = min; copy < max; copy++) {
      out = this.#choice(this.#emit(sub, out), next, greedy);
    }
    for (let copy = max < 0 ? 1 : 0; copy < min; copy++) out = this.#emit(sub, out);
    return out;
  }

  /** Goes into a part or past it: which is tried first is a matter of greed. */
  #choice(part: number, next: number, greedy: boolean): number {
    return greedy ? this.#add(OP.split, next, part) : this.#add(OP.split, part, next);
  }

  /** Where the part of a choice starts, when that is known only later. */
  #enter(choice: number, part: number, greedy: boolean): void {
    if (greedy) this.#outs[choice] = part;
    else this.#args[choice] = part;
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
