/** The error of a query that is none, in Loki's words. */
import { BadRequest } from "../../model/errors.ts";

/** Where Loki places an error: line and column from 1; both 0 when it has no place. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const NOWHERE: Place = { line: 0, column: 0 };

/** `parse error at line 1, col 2: …`, or `parse error : …` for what is wrong with the query as a whole. */
export class ParseError extends BadRequest {
  override readonly name = "ParseError";
  readonly line: number;
  readonly column: number;

  constructor(
    reason: string,
    { line, column }: Place = NOWHERE,
    options: { cause?: unknown } = {},
  ) {
    const place = line === 0 && column === 0 ? " " : ` at line ${line}, col ${column}`;
    super(`parse error${place}: ${reason}`, options);
    this.line = line;
    this.column = column;
  }
}
