/**
 * Which lines a metric query reads, each as few times as possible. Range aggregations that look at
 * the same streams over overlapping times share a scan; those that also run the same stages share
 * what comes out of them; equal ones are one.
 */
import { printMatchers } from "../../labels/matcher.ts";
import type { Matcher } from "../../model/matcher.ts";
import type { Grouping, RangeAggregation, RangeOp } from "../syntax/ast.ts";
import { indexMatchers } from "./push-down.ts";
import { lastStep, type Steps } from "./steps.ts";

/** One range aggregation: how samples become a number at each step. */
export interface Leaf {
  readonly op: RangeOp;
  /** φ of `quantile_over_time`. */
  readonly parameter?: number;
  /** Nanoseconds. The window of a step at t is (t − offset − range, t − offset]. */
  readonly range: bigint;
  readonly offset: bigint;
}

/** One run of stages over the lines of a scan, and the leaves that take its samples. */
export interface Read {
  /** What to extract. Leaves that share a read differ only in what they make of the samples. */
  readonly aggregation: RangeAggregation;
  /** First nanosecond wanted, and the first that is not any more. */
  readonly from: bigint;
  readonly through: bigint;
  /** Indexes into the plan's leaves. */
  readonly leaves: readonly number[];
}

/** Blocks that are fetched and decoded once. */
export interface Scan {
  readonly matchers: readonly Matcher[];
  readonly from: bigint;
  readonly through: bigint;
  readonly reads: readonly Read[];
}

/** Collects the range aggregations of a query. */
export class LeafSet {
  readonly leaves: Leaf[] = [];
  readonly #steps: Steps;
  readonly #demands: Demand[] = [];

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** The index of the leaf; an equal one that is known already serves again. */
  add(aggregation: RangeAggregation): number {
    const { op, parameter, range: logRange } = aggregation;
    const { log, unwrap, range, offset } = logRange;
    const leaf = { op, ...(parameter === undefined ? {} : { parameter }), range, offset };
    const grouping = op === "absent_over_time" ? NO_NAMES : aggregation.grouping;
    const readKey = keyOf({ log, unwrap, grouping, bytes: BYTES.has(op) });
    const key = `${readKey}${keyOf(leaf)}`;
    const known = this.#demands.findIndex((demand) => demand.key === key);
    if (known >= 0) return known;
    const { first } = this.#steps;
    this.#demands.push({
      key,
      readKey,
      selector: printMatchers(log.matchers),
      aggregation,
      from: first - offset - range + 1n,
      through: lastStep(this.#steps) - offset + 1n,
      leaf: this.leaves.length,
    });
    return this.leaves.push(leaf) - 1;
  }

  /** The scans that feed the leaves. */
  scans(): Scan[] {
    return clusters(this.#demands).map((demands) => {
      const reads = readsOf(demands);
      return { matchers: matchersOf(reads), ...boundsOf(demands), reads };
    });
  }
}

interface Demand {
  readonly key: string;
  readonly readKey: string;
  readonly selector: string;
  readonly aggregation: RangeAggregation;
  readonly from: bigint;
  readonly through: bigint;
  readonly leaf: number;
}

/** Absence has no labels. */
const NO_NAMES: Grouping = { without: false, names: [] };

const BYTES: ReadonlySet<RangeOp> = new Set(["bytes_over_time", "bytes_rate"]);

/** Demands on the same streams whose times overlap. Times far apart are read apart: between them nothing is wanted. */
function clusters(demands: readonly Demand[]): Demand[][] {
  const groups: Demand[][] = [];
  for (const demand of demands.toSorted((a, b) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : a.leaf - b.leaf,
  )) {
    const group = groups.find(
      (other) => other[0]!.selector === demand.selector && boundsOf(other).through >= demand.from,
    );
    if (group === undefined) groups.push([demand]);
    else group.push(demand);
  }
  return groups;
}

function readsOf(demands: readonly Demand[]): Read[] {
  const groups = new Map<string, Demand[]>();
  for (const demand of demands) {
    groups.set(demand.readKey, [...(groups.get(demand.readKey) ?? []), demand]);
  }
  return [...groups.values()].map((group) => ({
    aggregation: group[0]!.aggregation,
    ...boundsOf(group),
    leaves: group.map(({ leaf }) => leaf),
  }));
}

function boundsOf(spans: readonly { from: bigint; through: bigint }[]): {
  from: bigint;
  through: bigint;
} {
  let { from, through } = spans[0]!;
  for (const span of spans) {
    if (span.from < from) from = span.from;
    if (span.through > through) through = span.through;
  }
  return { from, through };
}

/** The selector, narrowed by what every one of the reads asks of stream labels. */
function matchersOf(reads: readonly Read[]): Matcher[] {
  const [first, ...rest] = reads.map(({ aggregation }) =>
    indexMatchers(aggregation.range.log.stages),
  );
  const common = first!.filter((matcher) =>
    rest.every((others) => others.some((other) => keyOf(other) === keyOf(matcher))),
  );
  return withMatchers(reads[0]!.aggregation.range.log.matchers, common);
}

/** A selector and more matchers, each once. */
export function withMatchers(selector: readonly Matcher[], more: readonly Matcher[]): Matcher[] {
  const known = new Map([...selector, ...more].map((matcher) => [keyOf(matcher), matcher]));
  return [...known.values()];
}

/** Text that is equal for equal trees. */
function keyOf(tree: unknown): string {
  return JSON.stringify(tree, (_, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : typeof value === "number" ? `${value}` : value,
  );
}
