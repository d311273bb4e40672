/** How functions of templates are described: their parameters by Go's types, and what they do. */
import type { Regex } from "../../regex/regex.ts";
import type { Effort } from "./limits.ts";
import type { Int, TemplateRow, Time, Value } from "./values.ts";

/** What a parameter takes. `any` is interface{}, `value` is a value of any type or none (reflect.Value). */
export interface Types {
  string: string;
  int: Int;
  float64: number;
  any: Value;
  value: Value;
  "time.Time": Time;
  "time.Duration": Int;
}

export type TypeName = keyof Types;

/** What a function may know of the row and the moment. */
export interface CallContext {
  readonly row: TemplateRow;
  /** Counts what is done for the row. */
  readonly effort: Effort;
  /** The clock, Unix nanoseconds. */
  now(): bigint;
  /** A compiled pattern. Throws BadRequest in Go's words. */
  regex(pattern: string): Regex;
}

export interface GoFunction {
  readonly params: readonly TypeName[];
  /** The type of any number of further arguments. */
  readonly rest: TypeName | undefined;
  run(args: readonly Value[], context: CallContext): Value;
}

export type FunctionTable = Readonly<Record<string, GoFunction>>;

type Args<P extends readonly TypeName[]> = { readonly [K in keyof P]: Types[P[K]] };

/** A function of so many parameters. The engine checks the types before it runs. */
export function define<const P extends readonly TypeName[]>(
  params: P,
  run: (args: Args<P>, context: CallContext) => Value,
): GoFunction {
  return {
    params,
    rest: undefined,
    run: (args, context) => run(args as unknown as Args<P>, context),
  };
}

/** A function with any number of arguments of one type behind its parameters. */
export function defineVariadic<const P extends readonly TypeName[], R extends TypeName>(
  params: P,
  rest: R,
  run: (args: Args<P>, more: readonly Types[R][], context: CallContext) => Value,
): GoFunction {
  return {
    params,
    rest,
    run: (args, context) =>
      run(
        args.slice(0, params.length) as unknown as Args<P>,
        args.slice(params.length) as unknown as readonly Types[R][],
        context,
      ),
  };
}
