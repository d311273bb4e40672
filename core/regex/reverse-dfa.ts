/**
 * Reads a text from its end to its start and finds for every place the instructions from which a match
 * can still be reached. Like dfa.ts it makes a deterministic automaton as texts ask for it: a state is
 * the set of those instructions. Whoever then goes through the text from the left never takes a wrong
 * turn (Frisch and Cardelli, "Greedy regular expression matching").
 */
import { Effort } from "./effort.ts";
import { textOfUnits } from "./keys.ts";
import { BEFORE, beforeOf, conditionsAt, LOOK_AROUND, LOOK_AROUND_SETS } from "./look-around.ts";
import { CONDITION, OP, type Program } from "./program.ts";
import { type ClassSet, RuneClasses } from "./rune-classes.ts";

/** Cells of the table, and words that its states take: 4 MiB each. */
const ROOM = 1 << 20;
/** So many states are kept whatever they take: emptying the table more often would be no use. */
const ROWS_MIN = 16;

/** A set of instructions, a bit each. */
export type Reach = Uint32Array;

export class ReverseDfa {
  /** Goes up when the table is emptied: rows of before are void then. */
  generation = 0;
  /** By row, what can still match. Nothing in row 0. */
  readonly reaches: Reach[] = [new Uint32Array(0)];
  readonly #program: Program;
  readonly #effort: Effort;
  readonly #classes: RuneClasses;
  readonly #accepts: readonly ClassSet[];
  /** Which instructions go on to each one: those that read, and the others. */
  readonly #readers: Edges;
  readonly #leaders: Edges;
  /** Columns of a class: by what the pattern must know of the rune in front of it. */
  readonly #kinds: number;
  /** The column of what stands in front, by its class; the class after the last is the start of the text. */
  readonly #kindOf: Uint8Array;
  readonly #afters: Uint8Array;
  readonly #width: number;
  readonly #room: number;
  /** Rows by number. Row 0 is no state: a 0 in the table is a cell not made yet. */
  #next: Int32Array;
  /** By row, those of its set that an instruction which reads a rune goes on to. */
  readonly #targets: Int32Array[] = [new Int32Array(0)];
  #rows = new Map<string, number>();
  #words = 0;
  /** By what stands in front, the row at the end of a text, 0 before it is made. */
  readonly #ends = new Int32Array(4);
  readonly #seen: Uint32Array;
  #walk = 0;

  /** `room`: cells that the table may have, and words that its states may take. */
  constructor(program: Program, pattern: string, room = ROOM) {
    const looksAround = (program.conditions & LOOK_AROUND) !== 0;
    const sets = looksAround ? [...program.sets, ...LOOK_AROUND_SETS] : program.sets;
    this.#program = program;
    this.#room = room;
    this.#effort = new Effort(pattern);
    this.#classes = new RuneClasses(sets, pattern);
    this.#accepts = this.#classes.acceptsOf(program.sets, pattern);
    this.#readers = edgesInto(program, true);
    this.#leaders = edgesInto(program, false);
    const { count } = this.#classes;
    const asksForStart = (program.conditions & CONDITION.beginText) !== 0;
    this.#kinds = looksAround ? 4 : asksForStart ? 2 : 1;
    this.#afters = Uint8Array.from({ length: count }, (_, id) =>
      looksAround ? beforeOf(this.#classes.sample(id)) : BEFORE.other,
    );
    this.#kindOf = Uint8Array.from({ length: count + 1 }, (_, id) =>
      id === count ? 0 : looksAround ? this.#afters[id]! : this.#kinds - 1,
    );
    this.#width = count * this.#kinds;
    this.#seen = new Uint32Array(program.ops.length);
    this.#next = new Int32Array(16 * this.#width);
  }

  /** To be called before each text. */
  begin(): void {
    this.#effort.reset();
  }

  /** The row at the end of a text. */
  rowAtEnd(text: string): number {
    const kind = this.#kindOf[this.#classBefore(text, text.length)]!;
    const known = this.#ends[kind]!;
    if (known !== 0) return known;
    const conditions = conditionsAt(this.#beforeOf(kind), BEFORE.other, true);
    const row = this.rowOf(this.#closed([], conditions));
    this.#ends[kind] = row;
    return row;
  }

  /** The row of a set. */
  rowOf(reach: Reach): number {
    const key = textOfUnits(new Uint16Array(reach.buffer));
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const targets = this.#targetsOf(reach);
    const row = this.reaches.push(reach) - 1;
    this.#targets.push(targets);
    this.#words += targets.length + 2 * reach.length;
    if ((row + 1) * this.#width > this.#next.length) {
      const grown = new Int32Array(2 * this.#next.length);
      grown.set(this.#next);
      this.#next = grown;
    }
    this.#rows.set(key, row);
    return row;
  }

  empty(): void {
    this.generation += 1;
    this.reaches.length = 1;
    this.#targets.length = 1;
    this.#rows = new Map();
    this.#words = 0;
    this.#next.fill(0);
    this.#ends.fill(0);
  }

  /**
   * Goes from a place with its row to the left and notes the row of each place in `rows`, 0 within a
   * character of two units. Gives the place it came to: `until`, or one before that when the table is
   * full.
   */
  sweep(
    text: string,
    { from, row: first, until }: { from: number; row: number; until: number },
    rows: Int32Array,
  ): number {
    const { ascii } = this.#classes;
    const kindOf = this.#kindOf;
    const kinds = this.#kinds;
    const width = this.#width;
    let next = this.#next;
    let row = first;
    rows[from] = row;
    let id = this.#classBefore(text, from);
    let start = from - unitsBefore(text, from);
    for (let at = from; at > until; ) {
      let startBefore = start - 1;
      let idBefore: number;
      const unit = start > 0 ? text.charCodeAt(startBefore) : 0x80;
      if (unit < 0x80) idBefore = ascii[unit]!;
      else {
        idBefore = this.#classBefore(text, start);
        startBefore = start - unitsBefore(text, start);
      }
      const kind = kindOf[idBefore]!;
      let target = next[row * width + id * kinds + kind]!;
      if (target === 0) {
        if (this.#isFull) return at;
        target = this.#make(row, id, kind);
        next = this.#next;
      }
      if (start < at - 1) rows[at - 1] = 0;
      rows[start] = target;
      row = target;
      at = start;
      id = idBefore;
      start = startBefore;
    }
    return until;
  }

  get #isFull(): boolean {
    const rows = this.reaches.length;
    return rows > ROWS_MIN && Math.max(rows * this.#width, this.#words) >= this.#room;
  }

  /** Makes the cell of a state, the class read in front of it and what stands before that. */
  #make(row: number, id: number, kind: number): number {
    const { args } = this.#program;
    const { first, from } = this.#readers;
    const conditions = conditionsAt(this.#beforeOf(kind), this.#afters[id]!, false);
    const found: number[] = [];
    const targets = this.#targets[row]!;
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index]!;
      for (let edge = first[target]!; edge < first[target + 1]!; edge++) {
        const pc = from[edge]!;
        if (this.#accepts[args[pc]!]!.has(id)) found.push(pc);
      }
    }
    this.#effort.spend(targets.length);
    const made = this.rowOf(this.#closed(found, conditions));
    this.#next[row * this.#width + id * this.#kinds + kind] = made;
    return made;
  }

  /** The match, instructions, and all that lead to these without reading, as the conditions allow. */
  #closed(readers: readonly number[], conditions: number): Reach {
    const { ops, args } = this.#program;
    const { first, from } = this.#leaders;
    const reach = new Uint32Array((ops.length >> 5) + 1);
    this.#walk += 1;
    const stack = [MATCH];
    for (const pc of readers) stack.push(pc);
    let steps = 0;
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      steps += 1;
      if (this.#seen[pc] === this.#walk) continue;
      this.#seen[pc] = this.#walk;
      reach[pc >> 5]! |= 1 << (pc & 31);
      for (let edge = first[pc]!; edge < first[pc + 1]!; edge++) {
        const leader = from[edge]!;
        if (ops[leader] !== OP.assert || (args[leader]! & conditions) !== 0) stack.push(leader);
      }
    }
    this.#effort.spend(steps + reach.length);
    return reach;
  }

  #targetsOf(reach: Reach): Int32Array {
    const { first } = this.#readers;
    const targets: number[] = [];
    for (let word = 0; word < reach.length; word++) {
      for (let bits = reach[word]!; bits !== 0; bits &= bits - 1) {
        const pc = 32 * word + 31 - Math.clz32(bits & -bits);
        if (first[pc]! < first[pc + 1]!) targets.push(pc);
      }
    }
    return Int32Array.from(targets);
  }

  /** The class of the rune in front of a place; at the start the class after the last. */
  #classBefore(text: string, at: number): number {
    if (at === 0) return this.#classes.count;
    const unit = text.charCodeAt(at - 1);
    if (unit < 0x80) return this.#classes.ascii[unit]!;
    if (unitsBefore(text, at) === 2) return this.#classes.of(text.codePointAt(at - 2)!);
    // A half of a character stands for a byte that is no UTF-8.
    return this.#classes.of((unit & 0xf800) === 0xd800 ? 0xfffd : unit);
  }

  #beforeOf(kind: number): number {
    return this.#kinds === 4 || kind === 0 ? kind : BEFORE.other;
  }
}

/** Whether the set has the instruction. */
export function holds(reach: Reach, pc: number): boolean {
  return ((reach[pc >> 5]! >>> (pc & 31)) & 1) === 1;
}

/** UTF-16 units of the character in front of a place. */
function unitsBefore(text: string, at: number): number {
  if ((text.charCodeAt(at - 1) & 0xfc00) !== 0xdc00 || at < 2) return 1;
  return (text.charCodeAt(at - 2) & 0xfc00) === 0xd800 ? 2 : 1;
}

/** The compiler begins with the match. */
const MATCH = 0;

/** What goes on to instruction i: from[first[i]] up to from[first[i + 1]], that one left out. */
interface Edges {
  readonly first: Int32Array;
  readonly from: Int32Array;
}

/** The instructions that read a rune, or those that do not, by what they go on to. */
function edgesInto({ ops, args, outs }: Program, reading: boolean): Edges {
  const edges: [from: number, to: number][] = [];
  const first = new Int32Array(ops.length + 1);
  for (let pc = 0; pc < ops.length; pc++) {
    const op = ops[pc]!;
    if (op === OP.match || op === OP.fail || (op === OP.rune) !== reading) continue;
    edges.push([pc, outs[pc]!]);
    if (op === OP.split) edges.push([pc, args[pc]!]);
  }
  for (const [, to] of edges) first[to + 1]! += 1;
  for (let pc = 0; pc < ops.length; pc++) first[pc + 1]! += first[pc]!;
  const free = first.slice();
  const from = new Int32Array(edges.length);
  for (const [pc, to] of edges) from[free[to]!++] = pc;
  return { first, from };
}
