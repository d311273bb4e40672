/** Puts together what `lines` gives: the lines themselves or those with their neighbours, within the limits. */
import type { QueryContext } from "../logql/exec/context.ts";
import type { QueryParams } from "../logql/plan/params.ts";
import type { LogExpr } from "../logql/syntax/ast.ts";
import type { Around, LineEntry, LinesAnswer, LinesRequest } from "../ports/query-service.ts";
import { type AroundParts, linesAround } from "./around.ts";
import { type Position, printCursor } from "./cursor.ts";
import { checkBytesRead } from "./estimate.ts";
import { LineRun } from "./lines.ts";
import type { Scope } from "./scope.ts";
import type { TimeLimit } from "./time-limit.ts";

export interface ReadParts {
  readonly expr: LogExpr;
  readonly params: QueryParams;
  readonly scope: Scope;
  readonly request: LinesRequest;
  readonly context: QueryContext;
  readonly limit: TimeLimit;
  /** What the request's cursor stands for. */
  readonly after?: Position;
}

export function readLines(parts: ReadParts): LinesAnswer {
  const { expr, params, context, request, limit, after } = parts;
  const { around } = request;
  const run = new LineRun(expr, params, context, after);
  const batches = around === undefined ? run.lines() : neighbours(run, parts, around);
  return {
    batches: limit.each(checked(batches, parts)),
    scan: context.stats,
    cursor: () =>
      run.rest === undefined || around !== undefined ? undefined : printCursor(run.rest, request),
  };
}

async function* checked<T>(batches: AsyncGenerator<T>, parts: ReadParts): AsyncGenerator<T> {
  const { params, expr, scope, context } = parts;
  const reading = { matchers: expr.matchers, from: params.start, through: params.end };
  const { signal } = context;
  await checkBytesRead([reading], params.limits, {
    ...scope,
    ...(signal === undefined ? {} : { signal }),
  });
  yield* batches;
}

/** Of a limited number of lines the last must be known first: neighbours of later ones are not wanted. */
async function* neighbours(
  run: LineRun,
  { expr, params, context }: ReadParts,
  around: Around,
): AsyncGenerator<readonly LineEntry[]> {
  const parts: AroundParts = { expr, params, context, around };
  if (!Number.isFinite(params.limit)) {
    yield* linesAround(parts);
    return;
  }
  let last = { time: 0n, count: 0 };
  for await (const batch of run.lines()) {
    for (const { time } of batch) {
      last = { time, count: time === last.time ? last.count + 1 : 1 };
    }
  }
  if (last.count > 0) yield* linesAround({ ...parts, last });
}
