/** Goes through a text from a place where a match begins, by the first of the ways that lead to one. */
import { Bug } from "../model/errors.ts";
import type { RegexMatch } from "./match.ts";
import { OP, type Program } from "./program.ts";
import { holds, type Reach } from "./reverse-dfa.ts";

/** What can still match from each place of a text. */
export interface Places {
  readonly text: string;
  /** The row of each place, and the instructions of each row. */
  readonly rows: Int32Array;
  readonly reaches: readonly Reach[];
  /** To be called before the rows of a place are read. Gives the last place that they are valid for. */
  enter(at: number): number;
}

export class Walk {
  readonly #program: Program;
  /** Where the groups begin and end, -1 for nowhere; group 0 is the match. */
  readonly #bounds: Int32Array;
  /** Marks of the instructions seen at the place in hand. */
  readonly #seen: Uint32Array;
  #mark = 0;
  /** Instructions to try, the next one last; a negative one says that the number below it is a bound of old. */
  readonly #stack: number[] = [];

  /** `groups` counts the whole match. */
  constructor(program: Program, groups: number) {
    this.#program = program;
    this.#bounds = new Int32Array(2 * groups);
    this.#seen = new Uint32Array(program.ops.length);
  }

  /** The match that begins at a place: there must be one. */
  from(start: number, places: Places): RegexMatch {
    const { text, rows, reaches } = places;
    const { ops, args, outs, idles } = this.#program;
    const bounds = this.#bounds;
    bounds.fill(-1);
    let at = start;
    let last = places.enter(at);
    let reach = reaches[rows[at]!]!;
    let pc = this.#program.start;
    if (idles) pc = this.#choose(pc, at, reach);
    for (;;) {
      const op = ops[pc];
      if (op === OP.match) break;
      if (op === OP.split) {
        pc = holds(reach, outs[pc]!) ? outs[pc]! : args[pc]!;
        continue;
      }
      if (op === OP.save) bounds[args[pc]!] = at;
      pc = outs[pc]!;
      if (op !== OP.rune) continue;
      at += text.charCodeAt(at) >= 0xd800 && text.codePointAt(at)! > 0xffff ? 2 : 1;
      if (at > last) last = places.enter(at);
      reach = reaches[rows[at]!]!;
      if (idles) pc = this.#choose(pc, at, reach);
    }
    bounds[0] = start;
    bounds[1] = at;
    return { start, end: at, groups: groupsOf(text, bounds) };
  }

  /**
   * The next instruction that reads a rune, or the match, and the groups on the way there, where a loop
   * may turn without reading anything: coming back to an instruction at the same place is no way.
   */
  #choose(start: number, at: number, reach: Reach): number {
    const { ops, args, outs } = this.#program;
    const stack = this.#stack;
    const bounds = this.#bounds;
    this.#mark += 1;
    stack.length = 0;
    stack.push(start);
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (pc < 0) {
        bounds[~pc] = stack.pop()!;
        continue;
      }
      if (this.#seen[pc] === this.#mark || !holds(reach, pc)) continue;
      this.#seen[pc] = this.#mark;
      switch (ops[pc]) {
        case OP.split:
          stack.push(args[pc]!, outs[pc]!);
          break;
        case OP.save:
          stack.push(bounds[args[pc]!]!, ~args[pc]!, outs[pc]!);
          bounds[args[pc]!] = at;
          break;
        case OP.assert:
          stack.push(outs[pc]!);
          break;
        default:
          return pc;
      }
    }
    throw new Bug(`no way on at ${at}`);
  }
}

function groupsOf(text: string, bounds: Int32Array): (string | undefined)[] {
  const groups: (string | undefined)[] = [];
  for (let index = 0; index < bounds.length; index += 2) {
    const start = bounds[index]!;
    const end = bounds[index + 1]!;
    groups.push(start < 0 || end < 0 ? undefined : text.slice(start, end));
  }
  return groups;
}
