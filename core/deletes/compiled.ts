/**
 * The query of a delete request, ready to be held against streams and rows. Only whether a row is
 * yielded counts, so nothing is made of it: no line, no labels.
 */
import { type CompiledMatcher, compileMatcher, matchesAll } from "../labels/matcher.ts";
import { logHints } from "../logql/stages/hints.ts";
import { Machine, type RowRange } from "../logql/stages/machine.ts";
import { Names } from "../logql/stages/names.ts";
import { splitTail } from "../logql/stages/pipeline.ts";
import { StreamBase } from "../logql/stages/stream-base.ts";
import { parseLogQuery } from "../logql/syntax/parse.ts";
import type { Block } from "../model/block.ts";
import { BadRequest } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { ByteSearch } from "../ports/byte-search.ts";

export class CompiledQuery {
  /** True when there is nothing to ask a line: the selector says all. */
  readonly takesLines: boolean;
  readonly #matchers: readonly CompiledMatcher[];
  readonly #machine: Machine | undefined;

  /** Throws BadRequest in Loki's words when the query is none that yields lines one by one. */
  constructor(query: string, search: ByteSearch) {
    const { matchers, stages } = parseLogQuery(query);
    const { stages: own, tail } = splitTail(stages);
    if (tail.length > 0) throw new BadRequest(`${tail[0]!.kind} looks at more than one line`);
    this.#matchers = matchers.map(compileMatcher);
    this.takesLines = own.length === 0;
    this.#machine = this.takesLines
      ? undefined
      : new Machine(new Names(), own, logHints(own), { search });
  }

  selects(labels: Labels): boolean {
    return matchesAll(this.#matchers, labels);
  }

  /** The test of the rows of one stream; undefined when every row passes. */
  forStream(labels: Labels): RowTest | undefined {
    return this.#machine && new RowTest(this.#machine, labels);
  }
}

export class RowTest {
  readonly #machine: Machine;
  readonly #base: StreamBase;

  constructor(machine: Machine, labels: Labels) {
    this.#machine = machine;
    this.#base = new StreamBase(labels, machine.names);
  }

  /** Calls `found` with each row of the range that the query yields, in order. */
  run(block: Block, range: RowRange, found: (row: number) => void): void {
    const [machine, base] = [this.#machine, this.#base];
    machine.trim();
    base.refresh();
    const selection = machine.select(block, range, base);
    if (selection.count === 0) return;
    // Rows of a stream without labels of their own fare alike: one of them is enough.
    const isAlike = machine.work.length === 0 || (machine.labelsOnly && !block.metadata);
    if (isAlike && !machine.process(block, selection.row(0), base)) return;
    for (let index = 0; index < selection.count; index++) {
      const row = selection.row(index);
      if (isAlike || machine.process(block, row, base)) found(row);
    }
  }
}
