/**
 * The stages that look at the sequence of lines as a whole: `distinct`, `sort`, `first`, `last`. Loki
 * has none of them. They see lines in the direction of the query, but `first` and `last` mean the
 * earliest and the latest, unless a `sort` came before: then they mean the ends of that order.
 */
import { compareText } from "../../bytes/text.ts";
import { labelValue } from "../../labels/labels.ts";
import type { Direction } from "../plan/params.ts";
import type { LabelSet } from "../stages/label-set.ts";
import type { BeyondStage } from "../syntax/ast.ts";

export interface Line {
  readonly time: bigint;
  readonly labels: LabelSet;
  readonly line: string;
}

/** How a scan may go about a query whose first such stage is `first` or `last`: from that end, and no further. */
export interface ScanOrder {
  readonly direction: Direction;
  /** Lines after which the scan may stop; undefined when all must be seen. */
  readonly enough: number | undefined;
}

export function scanOrder(
  stages: readonly BeyondStage[],
  { direction, limit }: { direction: Direction; limit: number },
): ScanOrder {
  const [stage] = stages;
  if (stage === undefined) return { direction, enough: limit };
  if (stage.kind === "first") return { direction: "forward", enough: stage.count };
  if (stage.kind === "last") return { direction: "backward", enough: stage.count };
  return { direction, enough: stages.every(({ kind }) => kind === "distinct") ? limit : undefined };
}

/** Tells repeats while lines are still coming: the leading `distinct` stages. */
export class Distinct {
  readonly #stages: readonly { names: readonly string[]; seen: Set<string> }[];
  readonly #hold: (bytes: number) => void;

  /** `hold` is told of the memory that remembering takes. */
  constructor(stages: readonly BeyondStage[], hold: (bytes: number) => void = () => {}) {
    this.#hold = hold;
    const end = stages.findIndex(({ kind }) => kind !== "distinct");
    this.#stages = stages
      .slice(0, end < 0 ? stages.length : end)
      .map((stage) => ({ names: stage.kind === "distinct" ? stage.names : [], seen: new Set() }));
  }

  /** Number of leading stages that this does the work of. */
  get count(): number {
    return this.#stages.length;
  }

  /** Whether it is the first line with its values. */
  takes({ labels }: LabelSet): boolean {
    return this.#stages.every(({ names, seen }) => {
      const key = JSON.stringify(names.map((name) => labelValue(labels, name)));
      if (seen.has(key)) return false;
      this.#hold(80 + 2 * key.length);
      seen.add(key);
      return true;
    });
  }
}

/** Runs the stages over lines that are in the order of `scanned`; gives them in that of the query, or sorted. */
export function orderLines<T extends Line>(
  lines: readonly T[],
  stages: readonly BeyondStage[],
  { scanned, wanted }: { scanned: Direction; wanted: Direction },
): T[] {
  let result = scanned === wanted ? [...lines] : lines.toReversed();
  let earliestFirst = wanted === "forward";
  for (const stage of stages) {
    switch (stage.kind) {
      case "distinct": {
        const distinct = new Distinct([stage]);
        result = result.filter(({ labels }) => distinct.takes(labels));
        break;
      }
      case "sort":
        result.sort((a, b) => compareLines(a, b, stage.by));
        earliestFirst = true;
        break;
      case "first":
      case "last":
        result =
          (stage.kind === "first") === earliestFirst
            ? result.slice(0, stage.count)
            : result.slice(Math.max(0, result.length - stage.count));
    }
  }
  return result;
}

type SortKey = Extract<BeyondStage, { kind: "sort" }>["by"][number];

function compareLines(a: Line, b: Line, by: readonly SortKey[]): number {
  for (const { name, descending } of by) {
    const order = compareValues(
      labelValue(a.labels.labels, name),
      labelValue(b.labels.labels, name),
    );
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}

/** Numbers by value and before other texts; texts by their bytes. */
function compareValues(a: string, b: string): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (x !== undefined || y !== undefined) return x !== undefined ? -1 : 1;
  return compareText(a, b);
}

function numberOf(text: string): number | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
