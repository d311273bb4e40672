/**
 * Finds matches and their groups in time linear in the text, all matches together. A sweep from the end
 * to the start (reverse-dfa.ts) tells for every place which instructions can still reach a match; the
 * walk from the left (walk.ts) then takes the first way of the program that can, as a backtracking
 * engine would, and never goes back. So text that is looked at far ahead of a match is looked at once,
 * however many matches there are before it.
 *
 *     places   0     1     2     3
 *     text       x     x     y         (x+)y|x
 *     rows    R3 <- R2 <- R1 <- R0     the sweep: what can still match from here
 *              start -> x -> x -> y    the walk: one way through
 */
import { Bug } from "../model/errors.ts";
import type { RegexMatch } from "./match.ts";
import type { Node } from "./node.ts";
import { compileProgram } from "./program.ts";
import { holds, type Reach, ReverseDfa } from "./reverse-dfa.ts";
import { type Places, Walk } from "./walk.ts";

/** Places that are kept for the next text: four bytes each. */
const PLACES_KEPT = 1 << 16;

export class Finder {
  readonly start: number;
  readonly dfa: ReverseDfa;
  readonly walk: Walk;
  /** The notes of a text that is done with, for the next. */
  #spare: Int32Array | undefined = new Int32Array(256);

  /** `groups` counts the whole match. `room` is that of the automaton's table. */
  constructor(node: Node, options: { pattern: string; groups: number; room?: number }) {
    const { pattern, groups, room } = options;
    const program = compileProgram(node, pattern, { captures: true });
    this.start = program.start;
    this.dfa = new ReverseDfa(program, pattern, room);
    this.walk = new Walk(program, groups);
  }

  /** The leftmost match. */
  first(text: string): RegexMatch | undefined {
    const sweep = new Sweep(this, text);
    const match = sweep.find(0);
    sweep.close();
    return match;
  }

  /** A text to be asked for several matches. */
  sweep(text: string): Sweep {
    return new Sweep(this, text);
  }

  takeRows(places: number): Int32Array {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare !== undefined && spare.length >= places ? spare : new Int32Array(places);
  }

  giveRows(rows: Int32Array): void {
    if (rows.length <= PLACES_KEPT) this.#spare = rows;
  }
}

/** A stretch of a text, both ends included, whose rows were in the automaton's table all at once. */
interface Segment {
  readonly start: number;
  readonly end: number;
  /** What can still match from its end: to begin again when the table was emptied meanwhile. */
  readonly reach: Reach;
  generation: number;
}

/** What can still match from each place of one text. Matches are asked for from left to right. */
export class Sweep implements Places {
  readonly text: string;
  readonly rows: Int32Array;
  readonly reaches: readonly Reach[];
  readonly #finder: Finder;
  /** From the right. Most texts are one. */
  readonly #segments: Segment[] = [];

  constructor(finder: Finder, text: string) {
    this.text = text;
    this.rows = finder.takeRows(text.length + 1);
    this.reaches = finder.dfa.reaches;
    this.#finder = finder;
    this.#sweep();
  }

  /** The leftmost match at or behind a place. Places must ascend from call to call. */
  find(from: number): RegexMatch | undefined {
    const { text, rows, reaches } = this;
    const { start, walk } = this.#finder;
    for (let at = from, last = -1; at <= text.length; at++) {
      if (at > last) last = this.enter(at);
      if (rows[at] !== 0 && holds(reaches[rows[at]!]!, start)) return walk.from(at, this);
    }
    return undefined;
  }

  enter(at: number): number {
    while (at > this.#segments.at(-1)!.end) this.#segments.pop();
    const segment = this.#segments.at(-1)!;
    if (segment.generation !== this.#finder.dfa.generation) this.#sweepAgain(segment);
    return segment.end;
  }

  /** Gives back what it works with: to be called when no more is asked for. */
  close(): void {
    this.#finder.giveRows(this.rows);
  }

  #sweep(): void {
    const { text, rows, reaches } = this;
    const { dfa } = this.#finder;
    dfa.begin();
    let row = dfa.rowAtEnd(text);
    for (let end = text.length; ; ) {
      const [reach, generation] = [reaches[row]!, dfa.generation];
      const start = dfa.sweep(text, { from: end, row, until: 0 }, rows);
      this.#segments.push({ start, end, reach, generation });
      if (start === 0) return;
      // The table is full: it begins anew with the state it came to.
      const last = reaches[rows[start]!]!;
      dfa.empty();
      row = dfa.rowOf(last);
      end = start;
    }
  }

  #sweepAgain(segment: Segment): void {
    const { dfa } = this.#finder;
    const { start, end, reach } = segment;
    dfa.empty();
    const row = dfa.rowOf(reach);
    const reached = dfa.sweep(this.text, { from: end, row, until: start }, this.rows);
    if (reached !== start) throw new Bug(`${reached} reached instead of ${start}`);
    segment.generation = dfa.generation;
  }
}
