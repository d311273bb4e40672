/**
 * What the delete requests of one tenant take away: which streams they select, which spans go whole,
 * which rows of a block. Queries look through it at once, the compactor makes it last; both decide here,
 * so what a query hides is what goes.
 *
 * A row goes when its time is in [startMs, endMs], to the end of that millisecond, and the request's
 * query yields it. So parts that end and start a millisecond apart leave nothing between them.
 */
import { portableSearch } from "../bytes/search.ts";
import { rowsWithin } from "../chunk/merge.ts";
import { pickRows } from "../chunk/sort.ts";
import type { Block } from "../model/block.ts";
import type { DeleteRequest } from "../model/delete-request.ts";
import { BadRequest } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import { nsOf } from "../model/time.ts";
import type { ByteSearch } from "../ports/byte-search.ts";
import { CompiledQuery, type RowTest } from "./compiled.ts";

/** Lines that a request matched. A line that several match counts for the first of them. */
export type DeleteCounts = Map<DeleteRequest, number>;

interface Known {
  readonly request: DeleteRequest;
  readonly query: CompiledQuery;
  /** Unix nanoseconds: the first that goes, the first that does not. */
  readonly start: bigint;
  readonly end: bigint;
}

export class DeleteFilter {
  /** What is wrong with requests that cannot be read. They take nothing away. */
  readonly problems: readonly string[];
  readonly #known: readonly Known[];

  constructor(requests: readonly DeleteRequest[], options: { search?: ByteSearch } = {}) {
    const search = options.search ?? portableSearch;
    // The parts of a wish share their query, and so its memory.
    const queries = new Map<string, CompiledQuery | string>();
    const known: Known[] = [];
    const problems: string[] = [];
    for (const request of requests) {
      const query = queries.get(request.query) ?? compile(request.query, search);
      queries.set(request.query, query);
      if (typeof query === "string") problems.push(`delete request ${request.id}: ${query}`);
      else {
        const [start, end] = [nsOf(request.startMs), nsOf(request.endMs + 1)];
        known.push({ request, query, start, end });
      }
    }
    this.problems = problems;
    this.#known = known;
  }

  /** The requests that take lines of the stream between two moments, both included; undefined when none does. */
  of(labels: Labels, from: bigint, through: bigint): StreamDeletes | undefined {
    const found: StreamRequest[] = [];
    const tests = new Map<CompiledQuery, RowTest | undefined>();
    for (const { request, query, start, end } of this.#known) {
      if (start > through || end <= from) continue;
      if (!tests.has(query)) {
        if (!query.selects(labels)) continue;
        tests.set(query, query.forStream(labels));
      }
      found.push({ request, start, end, test: tests.get(query) });
    }
    return found.length === 0 ? undefined : new StreamDeletes(found);
  }
}

interface StreamRequest {
  readonly request: DeleteRequest;
  readonly start: bigint;
  readonly end: bigint;
  /** Undefined when every row goes. */
  readonly test: RowTest | undefined;
}

export class StreamDeletes {
  readonly #requests: readonly StreamRequest[];

  constructor(requests: readonly StreamRequest[]) {
    this.#requests = requests;
  }

  get requests(): readonly DeleteRequest[] {
    return this.#requests.map(({ request }) => request);
  }

  /** Whether a line between two moments, both included, may go. */
  touches(from: bigint, through: bigint): boolean {
    return this.#requests.some(({ start, end }) => start <= through && end > from);
  }

  /** The first request that takes every line between two moments, both included, without a look at one. */
  takesAll(from: bigint, through: bigint): DeleteRequest | undefined {
    return this.#requests.find(
      ({ start, end, test }) => test === undefined && start <= from && through < end,
    )?.request;
  }

  /** The rows that stay: the block itself when all do, else one over the same text. Adds to `counts` what goes. */
  apply(block: Block, counts?: DeleteCounts): Block {
    let gone: Uint8Array | undefined;
    let total = 0;
    for (const { request, start, end, test } of this.#requests) {
      const range = rowsWithin(block, start, end);
      if (range.first === range.end) continue;
      const marks = (gone ??= new Uint8Array(block.rows));
      const before = total;
      const mark = (row: number) => {
        if (marks[row] === 0) total++;
        marks[row] = 1;
      };
      if (test !== undefined) test.run(block, range, mark);
      else for (let row = range.first; row < range.end; row++) mark(row);
      if (total > before) counts?.set(request, (counts.get(request) ?? 0) + total - before);
    }
    return gone === undefined || total === 0 ? block : without(block, gone, total);
  }
}

function without(block: Block, gone: Uint8Array, total: number): Block {
  const rows = new Uint32Array(block.rows - total);
  let count = 0;
  for (let row = 0; row < block.rows; row++) if (gone[row] === 0) rows[count++] = row;
  return pickRows(block, rows);
}

/** The query, or why it cannot be read. */
function compile(query: string, search: ByteSearch): CompiledQuery | string {
  try {
    return new CompiledQuery(query, search);
  } catch (error) {
    if (error instanceof BadRequest) return error.message;
    throw error;
  }
}
