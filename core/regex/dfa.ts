/**
 * Answers "does the pattern match" in time linear in the text. A deterministic automaton is made from
 * the program state by state, as texts ask for it (a lazy DFA). A state is the set of instructions the
 * program may be at; a table gives the next state for each class of runes. When the table reaches its
 * bound it is emptied and grows anew, so memory is bounded too.
 */
import { Effort } from "./effort.ts";
import { textOfUnits } from "./keys.ts";
import { BEFORE, beforeOf, conditionsAt, LOOK_AROUND, LOOK_AROUND_SETS } from "./look-around.ts";
import { CONDITION, OP, type Program } from "./program.ts";
import { type ClassSet, RuneClasses } from "./rune-classes.ts";

/** Cells of the table and instructions of all states together: 4 MiB each. */
const CELLS_MAX = 1 << 20;
const MEMBERS_MAX = 1 << 20;

interface State {
  /** rune and assert instructions, ascending. */
  readonly members: Int32Array;
  readonly before: number;
}

export class Dfa {
  readonly #program: Program;
  readonly #anchored: boolean;
  readonly #effort: Effort;
  /** Whether any instruction asks for words or lines. */
  readonly #looksAround: boolean;
  readonly #classes: RuneClasses;
  /** The classes of each set of the program. */
  readonly #accepts: readonly ClassSet[];
  /** What each class puts before the next place; the end of the text is the class after the last. */
  readonly #befores: Uint8Array;
  readonly #width: number;
  /** States are offsets of rows. Row 0 is no state: a 0 in the table is a cell not made yet. */
  readonly #dead: number;
  readonly #match: number;
  #next: Int32Array;
  #states: (State | undefined)[] = [];
  #offsets = new Map<string, number>();
  #members = 0;
  #start = 0;
  /** Marks of the instructions that the walk in hand has seen. */
  readonly #seen: Uint32Array;
  #walk = 0;

  /** `pattern` is what errors show. An anchored automaton looks at the start of the text only. */
  constructor(program: Program, options: { pattern: string; anchored: boolean }) {
    this.#looksAround = (program.conditions & LOOK_AROUND) !== 0;
    const sets = this.#looksAround ? [...program.sets, ...LOOK_AROUND_SETS] : program.sets;
    this.#program = program;
    this.#anchored = options.anchored;
    this.#effort = new Effort(options.pattern);
    this.#classes = new RuneClasses(sets, options.pattern);
    this.#accepts = this.#classes.acceptsOf(program.sets, options.pattern);
    this.#width = this.#classes.count + 1;
    this.#dead = this.#width;
    this.#match = 2 * this.#width;
    this.#befores = Uint8Array.from({ length: this.#width }, (_, id) => this.#beforeOf(id));
    this.#seen = new Uint32Array(program.ops.length);
    this.#next = new Int32Array(16 * this.#width);
    this.#reset();
  }

  /** Whether the pattern matches in text[start, end), UTF-8. A byte that is none counts as U+FFFD. */
  testBytes(text: Uint8Array, start: number, end: number): boolean {
    const ascii = this.#classes.ascii;
    const match = this.#match;
    let next = this.#next;
    let state = this.#start;
    if (state <= match) return state === match;
    this.#effort.reset();
    for (let at = start; at < end; ) {
      const byte = text[at]!;
      let id: number;
      if (byte < 0x80) {
        id = ascii[byte]!;
        at += 1;
      } else {
        const size = sequenceSize(text, at, end);
        id = this.#classes.of(size === 1 ? 0xfffd : decode(text, at, size));
        at += size;
      }
      let target = next[state + id]!;
      if (target <= match) {
        if (target === 0) {
          target = this.#step(state, id);
          next = this.#next;
        }
        if (target === match) return true;
        if (target === this.#dead) return false;
      }
      state = target;
    }
    return this.#endsIn(state);
  }

  /** Whether the pattern matches in the text. */
  test(text: string): boolean {
    const ascii = this.#classes.ascii;
    const match = this.#match;
    let next = this.#next;
    let state = this.#start;
    if (state <= match) return state === match;
    this.#effort.reset();
    for (let at = 0; at < text.length; ) {
      const unit = text.charCodeAt(at);
      let id: number;
      if (unit < 0x80) {
        id = ascii[unit]!;
        at += 1;
      } else {
        const rune = text.codePointAt(at)!;
        id = this.#classes.of(rune);
        at += rune > 0xffff ? 2 : 1;
      }
      let target = next[state + id]!;
      if (target <= match) {
        if (target === 0) {
          target = this.#step(state, id);
          next = this.#next;
        }
        if (target === match) return true;
        if (target === this.#dead) return false;
      }
      state = target;
    }
    return this.#endsIn(state);
  }

  #endsIn(state: number): boolean {
    const target = this.#next[state + this.#width - 1]!;
    return (target === 0 ? this.#step(state, this.#width - 1) : target) === this.#match;
  }

  /** Makes the cell of a state and a class. Gives the state it leads to. */
  #step(offset: number, id: number): number {
    const state = this.#states[offset / this.#width]!;
    this.#effort.spend(state.members.length);
    const isEnd = id === this.#width - 1;
    const conditions = conditionsAt(state.before, this.#befores[id]!, isEnd);
    const outs = this.#outsOf(state, id, conditions);
    let target: number;
    if (outs === undefined) target = this.#match;
    else if (isEnd) target = this.#dead;
    else {
      if (!this.#anchored) outs.push(this.#program.start);
      target = this.#intern(this.#close(outs, this.#befores[id]!));
    }
    // The table may have been emptied meanwhile: then this row is gone and the cell with it.
    if (this.#states[offset / this.#width] === state) this.#next[offset + id] = target;
    return target;
  }

  /** Where a state goes on a class of runes, undefined when it has matched before that. */
  #outsOf(state: State, id: number, conditions: number): number[] | undefined {
    const { ops, args, outs } = this.#program;
    const targets: number[] = [];
    const asserts: number[] = [];
    const isEnd = id === this.#width - 1;
    const { members } = state;
    for (let index = 0; index < members.length; index++) {
      const member = members[index]!;
      if (ops[member] === OP.assert) asserts.push(member);
      else if (!isEnd && this.#accepts[args[member]!]!.has(id)) targets.push(outs[member]!);
    }
    this.#walk += 1;
    for (const pc of this.#walkFrom(asserts, conditions)) {
      if (ops[pc] === OP.match) return undefined;
      if (ops[pc] !== OP.rune || isEnd) continue;
      if (this.#accepts[args[pc]!]!.has(id)) targets.push(outs[pc]!);
    }
    return targets;
  }

  /** The instructions reached without reading, as a state; undefined when the match is among them. */
  #close(from: readonly number[], before: number): State | undefined {
    const { ops, args, conditions } = this.#program;
    this.#walk += 1;
    const members: number[] = [];
    for (const pc of this.#walkFrom(from, 0)) {
      if (ops[pc] === OP.match) return undefined;
      // The text begins only once: what waits for that later waits in vain.
      const isPast =
        ops[pc] === OP.assert && args[pc] === CONDITION.beginText && before !== BEFORE.begin;
      if (!isPast) members.push(pc);
    }
    this.#effort.spend(members.length);
    const matters = conditions !== 0 && members.some((pc) => ops[pc] === OP.assert);
    return { members: Int32Array.from(members).sort(), before: matters ? before : BEFORE.other };
  }

  /** Follows splits, and assertions whose condition holds. Gives the other instructions met, each once a walk. */
  #walkFrom(from: readonly number[], conditions: number): number[] {
    const { ops, args, outs } = this.#program;
    const found: number[] = [];
    const stack = [...from];
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (this.#seen[pc] === this.#walk) continue;
      this.#seen[pc] = this.#walk;
      const op = ops[pc];
      if (op === OP.split) stack.push(args[pc]!, outs[pc]!);
      else if (op === OP.assert && (args[pc]! & conditions) !== 0) stack.push(outs[pc]!);
      else if (op !== OP.fail) found.push(pc);
    }
    return found;
  }

  #intern(state: State | undefined): number {
    if (state === undefined) return this.#match;
    if (state.members.length === 0) return this.#dead;
    const key = keyOf(state);
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const isFull = this.#states.length * this.#width >= CELLS_MAX || this.#members >= MEMBERS_MAX;
    if (isFull && this.#states.length > FIRST_ROWS) this.#reset();
    const row = this.#states.push(state) - 1;
    this.#members += state.members.length;
    const offset = row * this.#width;
    if (offset + this.#width > this.#next.length) {
      const grown = new Int32Array(2 * this.#next.length);
      grown.set(this.#next);
      this.#next = grown;
    }
    this.#offsets.set(key, offset);
    return offset;
  }

  #reset(): void {
    this.#states = new Array(FIRST_ROWS).fill(undefined);
    this.#offsets = new Map();
    this.#members = 0;
    this.#next.fill(0);
    this.#start = this.#intern(this.#close([this.#program.start], BEFORE.begin));
  }

  #beforeOf(id: number): number {
    if (id === this.#classes.count || !this.#looksAround) return BEFORE.other;
    return beforeOf(this.#classes.sample(id));
  }
}

function keyOf({ members, before }: State): string {
  return String.fromCharCode(before) + textOfUnits(new Uint16Array(members.buffer));
}

/** Rows 0 to 2: no state, the dead state, the match. */
const FIRST_ROWS = 3;

/** Bytes of the UTF-8 sequence at an offset, 1 when it is none. */
function sequenceSize(text: Uint8Array, at: number, end: number): number {
  const lead = text[at]!;
  const second = at + 1 < end ? text[at + 1]! : 0;
  if (lead < 0xc2 || lead > 0xf4 || (second & 0xc0) !== 0x80) return 1;
  if (lead < 0xe0) return 2;
  if (at + 2 >= end || (text[at + 2]! & 0xc0) !== 0x80) return 1;
  if (lead < 0xf0) {
    const isBad = (lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f);
    return isBad ? 1 : 3;
  }
  if (at + 3 >= end || (text[at + 3]! & 0xc0) !== 0x80) return 1;
  const isBad = (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f);
  return isBad ? 1 : 4;
}

function decode(text: Uint8Array, at: number, size: number): number {
  const lead = text[at]!;
  const second = text[at + 1]! & 0x3f;
  if (size === 2) return ((lead & 0x1f) << 6) | second;
  const third = text[at + 2]! & 0x3f;
  if (size === 3) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (text[at + 3]! & 0x3f);
}
