/**
 * Two vectors, sample by sample (spec query-evaluation §6.2). One side is the "one" side: at each step
 * a signature may stand there once. It is read whole; the other side, the "many" side, passes by it.
 */
import { byName, printLabels } from "../../labels/labels.ts";
import { BadRequest } from "../../model/errors.ts";
import type { Labels } from "../../model/labels.ts";
import type { MatchNode } from "../plan/nodes.ts";
import { calculate, compare, isComparison } from "../syntax/arithmetic.ts";
import type { VectorMatching } from "../syntax/ast.ts";
import type { Budget } from "./budget.ts";
import { signatureLabels } from "./grouping.ts";
import { Points, type Series, type SeriesBatches } from "./series.ts";

export interface Sides {
  readonly left: SeriesBatches;
  readonly right: SeriesBatches;
}

export async function* matchSeries(
  node: MatchNode,
  { left, right }: Sides,
  { stepCount, budget }: { stepCount: number; budget: Budget },
): AsyncGenerator<readonly Series[]> {
  const oneIsLeft = node.matching.card === "one-to-many";
  const ones = await readOnes(node.matching, oneIsLeft ? left : right, { stepCount, budget });
  const taken = new Taken(stepCount, budget);
  for await (const batch of oneIsLeft ? right : left) {
    const results: Series[] = [];
    for (const many of batch) {
      const signature = printLabels(signatureLabels(many.labels, node.matching));
      const one = ones.get(signature);
      if (one !== undefined) results.push(...matched(node, { many, one, signature, taken }));
    }
    yield results;
  }
}

/** What stands on the one side under a signature: at each step a value and the series it is of. */
interface One {
  readonly series: Series[];
  /** Index into `series` plus one; 0 is nothing. */
  readonly owners: Uint32Array;
  readonly values: Float64Array;
}

async function readOnes(
  matching: VectorMatching,
  batches: SeriesBatches,
  { stepCount, budget }: { stepCount: number; budget: Budget },
): Promise<Map<string, One>> {
  const ones = new Map<string, One>();
  for await (const batch of batches) {
    for (const series of batch) {
      const signature = printLabels(signatureLabels(series.labels, matching));
      let one = ones.get(signature);
      if (one === undefined) {
        budget.hold(200 + 12 * stepCount);
        one = {
          series: [],
          owners: new Uint32Array(stepCount),
          values: new Float64Array(stepCount),
        };
        ones.set(signature, one);
      }
      addOne(one, series, matching);
    }
  }
  return ones;
}

function addOne(one: One, series: Series, { card }: VectorMatching): void {
  const owner = one.series.push(series);
  for (let index = 0; index < series.steps.length; index++) {
    const step = series.steps[index]!;
    if (one.owners[step] !== 0) {
      const side = card === "one-to-many" ? "left" : "right";
      throw new BadRequest(
        `found duplicate series on the ${side} hand-side;many-to-many matching not allowed: matching labels must be unique on one side`,
        { status: 500 },
      );
    }
    one.owners[step] = owner;
    one.values[step] = series.values[index]!;
  }
}

interface Match {
  readonly many: Series;
  readonly one: One;
  readonly signature: string;
  readonly taken: Taken;
}

/** The results of one series of the many side: one series, or several when its partner changes. */
function matched(node: MatchNode, { many, one, signature, taken }: Match): Series[] {
  const { matching } = node;
  const results = new Map<number, Result>();
  for (let index = 0; index < many.steps.length; index++) {
    const step = many.steps[index]!;
    const owner = one.owners[step]!;
    if (owner === 0) continue;
    let result = results.get(owner);
    if (result === undefined) {
      result = newResult(matching, many.labels, one.series[owner - 1]!.labels);
      results.set(owner, result);
    }
    const key = matching.card === "one-to-one" ? signature : result.key;
    if (!taken.take(key, step)) throw ambiguous(matching);
    const [mine, theirs] = [many.values[index]!, one.values[step]!];
    const [left, right] = matching.card === "one-to-many" ? [theirs, mine] : [mine, theirs];
    const value = resultValue(node, left, right);
    if (value !== undefined) result.points.add(step, value);
  }
  return [...results.values()]
    .filter(({ points }) => points.count > 0)
    .map(({ labels, key, points }) => points.take(labels, key));
}

interface Result {
  readonly labels: Labels;
  readonly key: string;
  readonly points: Points;
}

function newResult(matching: VectorMatching, many: Labels, one: Labels): Result {
  const labels = resultLabels(matching, many, one);
  return { labels, key: printLabels(labels), points: new Points() };
}

/** Undefined when a comparison filters the sample out. */
function resultValue({ op, bool }: MatchNode, left: number, right: number): number | undefined {
  if (!isComparison(op) || bool) return calculate(op, left, right);
  return compare(op, left, right) ? left : undefined;
}

function resultLabels(matching: VectorMatching, many: Labels, one: Labels): Labels {
  if (matching.card === "one-to-one") return signatureLabels(many, matching);
  const { include } = matching;
  const included = one.filter(([name, value]) => include.includes(name) && value !== "");
  return [...many.filter(([name]) => !include.includes(name)), ...included].sort(byName);
}

function ambiguous({ card }: VectorMatching): BadRequest {
  const reason =
    card === "one-to-one"
      ? "many-to-one matching must be explicit (group_left/group_right)"
      : "grouping labels must ensure unique matches";
  return new BadRequest(`multiple matches for labels: ${reason}`, { status: 500 });
}

/** What has been matched at which steps, by signature or by result. */
class Taken {
  readonly #steps = new Map<string, Uint8Array>();
  readonly #stepCount: number;
  readonly #budget: Budget;

  constructor(stepCount: number, budget: Budget) {
    this.#stepCount = stepCount;
    this.#budget = budget;
  }

  /** False when it was taken before. */
  take(key: string, step: number): boolean {
    let steps = this.#steps.get(key);
    if (steps === undefined) {
      this.#budget.hold(this.#stepCount + 100);
      this.#steps.set(key, (steps = new Uint8Array(this.#stepCount)));
    }
    if (steps[step] === 1) return false;
    steps[step] = 1;
    return true;
  }
}
