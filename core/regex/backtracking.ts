/**
 * How long a backtracking engine may take with a pattern. Where one look at the next character always
 * tells which way to go, it takes time by the length of the text. Every loop that could go on or end
 * with the same character multiplies that by the length once more; such a choice within a loop can
 * multiply it without end, and then nothing is promised.
 */
import { rangesOfChar } from "./factor.ts";
import { type First, firstOfRanges, meets, NOTHING, union } from "./first.ts";
import { EMPTY, isNullable, type Node } from "./node.ts";
import { casesOf } from "./unicode.ts";

export interface Effort {
  /** From a given start it takes at most `factor` × length^`degree` steps. */
  readonly degree: number;
  readonly factor: number;
  /** Whether any loop is without bound: a failed start may then have looked at the whole text. */
  readonly loops: boolean;
}

/** More ways through than this, or longer copies, are not worth a look. */
const FACTOR_MAX = 4096;

/** Undefined when no bound is known. */
export function backtrackingEffort(node: Node): Effort | undefined {
  const analysis = new Analysis();
  analysis.visit(node, NOTHING);
  const { degree, factor, isHopeless, loops } = analysis;
  return isHopeless || factor > FACTOR_MAX ? undefined : { degree, factor, loops };
}

class Analysis {
  degree = 1;
  factor = 1;
  loops = false;
  isHopeless = false;
  #loopDepth = 0;

  /** Walks from the end to the start. `next` is what may follow the node; the result what may begin it. */
  visit(node: Node, next: First): First {
    switch (node.kind) {
      case "noMatch":
        return NOTHING;
      case "literal":
        this.#lengthen(node.runes.length);
        return firstOfLiteral(node.runes[0]!, node.fold);
      case "class":
      case "any":
      case "anyNotNewline":
        return firstOfRanges(rangesOfChar(node));
      case "capture":
        return this.visit(node.sub, next);
      case "concat":
        return node.subs.reduceRight((after, sub) => this.visit(sub, after), next);
      case "alternate":
        return this.#alternate(node.subs, next);
      case "quest":
        return this.#optional(node.sub, next);
      case "star":
      case "plus":
        return this.#loop(node.sub, next, node.kind === "star");
      case "repeat":
        return this.#repeat(node, next);
      default:
        return next; // Assertions and the empty text look at nothing of their own.
    }
  }

  #alternate(subs: readonly Node[], next: First): First {
    let seen = NOTHING;
    for (const sub of subs) {
      const first = this.visit(sub, next);
      if (meets(seen, first)) this.#choose(2);
      seen = union(seen, first);
    }
    return seen;
  }

  #optional(sub: Node, next: First): First {
    // RegExp does not let an optional part match the empty text, RE2 does.
    if (isNullable(sub)) this.isHopeless = true;
    return this.#alternate([sub, EMPTY], next);
  }

  #loop(sub: Node, next: First, mayBeSkipped: boolean): First {
    this.loops = true;
    if (isNullable(sub)) this.isHopeless = true;
    const again = firstOf(sub, next);
    this.#loopDepth += 1;
    const first = this.visit(sub, union(again, next));
    this.#loopDepth -= 1;
    if (meets(again, next)) {
      if (this.#loopDepth > 0) this.isHopeless = true;
      this.degree += 1;
    }
    return mayBeSkipped ? union(first, next) : first;
  }

  #repeat({ min, max, sub }: Node & { kind: "repeat" }, next: First): First {
    if (max < 0) {
      this.#lengthen(min);
      return this.#loop(sub, next, min === 0);
    }
    if (max === 0) return next;
    if (max === 1)
      return min === 1 ? this.visit(sub, next) : this.#alternate([sub, { kind: "empty" }], next);
    // Copies stand behind each other, so what is unsure within one is unsure in all.
    if (isNullable(sub)) this.isHopeless = true;
    const again = firstOf(sub, next);
    this.#loopDepth += 1;
    const first = this.visit(sub, union(again, next));
    this.#loopDepth -= 1;
    this.#lengthen(max);
    if (max > min && meets(again, next)) this.#choose(max - min + 1);
    return min === 0 ? union(first, next) : first;
  }

  /** Several ways on from one place, or so many copies to go through. */
  #choose(ways: number): void {
    if (this.#loopDepth > 0) this.isHopeless = true;
    this.factor *= ways;
  }

  #lengthen(count: number): void {
    // Within a loop the length of the text counts these already.
    if (this.#loopDepth === 0) this.factor *= 1 + Math.floor(count / 64);
  }
}

/** What may begin the node, without a look at how hard it is. */
function firstOf(node: Node, next: First): First {
  return new Analysis().visit(node, next);
}

function firstOfLiteral(rune: number, fold: boolean): First {
  return firstOfRanges((fold ? casesOf(rune) : [rune]).flatMap((each) => [each, each]));
}
