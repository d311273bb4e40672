/** `| level="error" and took > 1s`: conditions on labels (spec logql §9). */
import { compileIp } from "../../regex/ip.ts";
import type { CompareOp, LabelFilter } from "../syntax/ast.ts";
import type { LabelBuilder, LabelTest } from "./label-builder.ts";
import type { Names } from "./names.ts";
import { QUANTITIES, type Quantity, quantityOf } from "./quantity.ts";
import type { Row, RowStage } from "./row.ts";
import { encodeText } from "./text.ts";
import { patternTest, type ValueTest } from "./value-test.ts";

const ERROR = "__error__";
export const FILTER_ERROR = "LabelFilterErr";
const NS_PER_SECOND = 1_000_000_000n;

export class LabelFilterStage implements RowStage {
  readonly labelsOnly = true;
  readonly #test: LabelTest;

  constructor(test: LabelTest) {
    this.#test = test;
  }

  run(row: Row): boolean {
    return this.#test.test(row.labels);
  }
}

export function compileLabelFilter(filter: LabelFilter, names: Names): LabelTest {
  switch (filter.kind) {
    case "and":
      return both(compileLabelFilter(filter.left, names), compileLabelFilter(filter.right, names));
    case "or":
      return either(
        compileLabelFilter(filter.left, names),
        compileLabelFilter(filter.right, names),
      );
    case "string":
      return stringTest(filter.matcher, names);
    case "ip":
      return ipTest(filter, names);
    default:
      return new QuantityTest(names.id(filter.name), filter.op, QUANTITIES[filter.kind], filter);
  }
}

/** The right side is looked at even when the left has failed: it may set an error. */
function both(left: LabelTest, right: LabelTest): LabelTest {
  return {
    test(labels) {
      const first = left.test(labels);
      return right.test(labels) && first;
    },
  };
}

function either(left: LabelTest, right: LabelTest): LabelTest {
  return { test: (labels) => left.test(labels) || right.test(labels) };
}

type StringFilter = Extract<LabelFilter, { kind: "string" }>;

/** A missing label has the value "". Of the two error labels only `__error__` can be asked for. */
function stringTest({ name, op, value }: StringFilter["matcher"], names: Names): LabelTest {
  const isNegated = op === "!=" || op === "!~";
  const isPattern = op === "=~" || op === "!~";
  if (name === ERROR) {
    const test: ValueTest = isPattern ? patternTest(value) : (error) => error === value;
    return { test: (labels) => test(labels.error) !== isNegated };
  }
  const id = names.id(name);
  if (isPattern) {
    const test = patternTest(value);
    return { test: (labels) => test(labels.get(id) ?? "") !== isNegated };
  }
  return new EqualTest(id, value, isNegated);
}

class EqualTest implements LabelTest {
  readonly #id: number;
  readonly #value: string;
  readonly #bytes: Uint8Array | undefined;
  readonly #isNegated: boolean;

  constructor(id: number, value: string, isNegated: boolean) {
    this.#id = id;
    this.#value = value;
    // Cleaning makes spaces and U+FFFD of other bytes: with them only the text decides.
    this.#bytes = /[ \ufffd]/.test(value) ? undefined : encodeText(value);
    this.#isNegated = isNegated;
  }

  test(labels: LabelBuilder): boolean {
    return labels.equals(this.#id, this.#value, this.#bytes) !== this.#isNegated;
  }
}

/** A missing label drops the row; a value that cannot be read keeps it, with an error. */
class QuantityTest implements LabelTest {
  readonly #id: number;
  readonly #op: CompareOp;
  readonly #quantity: Quantity;
  readonly #wanted: number;

  constructor(id: number, op: CompareOp, quantity: Quantity, filter: QuantityFilter) {
    this.#id = id;
    this.#op = op;
    this.#quantity = quantity;
    this.#wanted = threshold(filter);
  }

  test(labels: LabelBuilder): boolean {
    const value = quantityOf(labels, this.#id, this.#quantity);
    if (value === undefined) return false;
    if (typeof value === "number") return compare(value, this.#op, this.#wanted);
    // The first error of a row stays.
    if (labels.error === "") {
      labels.error = FILTER_ERROR;
      labels.details = this.#quantity.error(value);
    }
    return true;
  }
}

type QuantityFilter = Extract<LabelFilter, { kind: "number" | "duration" | "bytes" }>;

function threshold(filter: QuantityFilter): number {
  if (filter.kind === "number") return filter.value;
  if (filter.kind === "bytes") return Number(filter.value);
  // The very sum that goDurationSeconds makes, so that equal durations are equal numbers.
  return Number(filter.value / NS_PER_SECOND) + Number(filter.value % NS_PER_SECOND) / 1e9;
}

function compare(value: number, op: CompareOp, wanted: number): boolean {
  switch (op) {
    case ">":
      return value > wanted;
    case ">=":
      return value >= wanted;
    case "<":
      return value < wanted;
    case "<=":
      return value <= wanted;
    case "==":
      return value === wanted;
    case "!=":
      return value !== wanted;
  }
}

type IpFilter = Extract<LabelFilter, { kind: "ip" }>;

/** The value is searched for addresses. Both `=` and `!=` want the label to be there. */
function ipTest({ name, op, pattern }: IpFilter, names: Names): LabelTest {
  const id = names.id(name);
  const ip = compileIp(pattern);
  const isNegated = op === "!=";
  return {
    test(labels) {
      // The one kind of filter that lets rows with an error pass unseen.
      if (labels.error !== "") return true;
      const value = labels.get(id);
      return value !== undefined && ip.test(value) !== isNegated;
    },
  };
}
