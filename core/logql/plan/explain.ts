/** A plan as text, for `explain` and for tests: what is put together from what, then what is read for it. */
import { printGoDuration, printPromDuration } from "../../golang/duration.ts";
import { quote } from "../../golang/quote.ts";
import { printLabels } from "../../labels/labels.ts";
import { printMatchers } from "../../labels/matcher.ts";
import { printNanos } from "../../model/time.ts";
import type { VectorMatching } from "../syntax/ast.ts";
import { printGrouping, printNumber, printStage, printUnwrap } from "../syntax/print.ts";
import type { Node } from "./nodes.ts";
import type { LogPlan, MetricPlan, Plan } from "./plan.ts";
import type { Leaf, Read, Scan } from "./scans.ts";
import { lastStep } from "./steps.ts";

/** By scan, in the plan's order, what there is to say about it; its lines go below the scan's. */
export type ScanNotes = readonly (readonly string[])[];

export function explainPlan(plan: Plan, notes: ScanNotes = []): string {
  return plan.kind === "log" ? explainLog(plan, notes) : explainMetric(plan, notes);
}

/** The plan as JSON: moments as RFC 3339, lengths of time as Go prints them. */
export function planToJson(plan: Plan): unknown {
  const text = JSON.stringify(plan, (key, value: unknown) => {
    if (typeof value !== "bigint") return value;
    return MOMENTS.has(key) ? printNanos(value) : printGoDuration(value);
  });
  return JSON.parse(text);
}

const MOMENTS: ReadonlySet<string> = new Set(["from", "through", "first"]);

function explainLog(plan: LogPlan, [notes = []]: ScanNotes): string {
  const { matchers, from, through, log, direction, limit, interval } = plan;
  const apart = interval > 0n ? `, ${printGoDuration(interval)} apart` : "";
  return [
    `${Number.isFinite(limit) ? limit : "all"} lines ${direction}${apart}`,
    ...log.stages.toReversed().map((stage) => `  ${printStage(stage)}`),
    `  scan ${printMatchers(matchers)} ${printSpan(from, through)}`,
    ...notes.map((note) => `    ${note}`),
  ].join("\n");
}

function explainMetric(plan: MetricPlan, notes: ScanNotes): string {
  const { steps, instant, root, leaves, scans } = plan;
  const head = instant
    ? `at ${printNanos(steps.first)}`
    : `${steps.count} steps of ${printGoDuration(steps.step)} from ${printNanos(steps.first)} to ${printNanos(lastStep(steps))}`;
  return [
    head,
    ...explainNode(root, leaves),
    ...scans.flatMap((scan, index) => explainScan(scan, notes[index])),
  ].join("\n");
}

function explainScan({ matchers, from, through, reads }: Scan, notes: readonly string[] = []) {
  return [
    `scan ${printMatchers(matchers)} ${printSpan(from, through)}`,
    ...reads.map((read) => `  ${explainRead(read)}`),
    ...notes.map((note) => `  ${note}`),
  ];
}

function explainRead({ aggregation, leaves }: Read): string {
  const { range, grouping } = aggregation;
  const parts = [
    ...range.log.stages.map(printStage),
    ...(range.unwrap === undefined ? [] : printUnwrap(range.unwrap)),
  ];
  const what = parts.length === 0 ? "all lines" : parts.join(" ");
  return `${what}${printGrouping(grouping, ",")} for ${leaves.map((leaf) => `leaf ${leaf}`).join(", ")}`;
}

/** A node and, below it, the nodes that it takes. */
function explainNode(node: Node, leaves: readonly Leaf[]): string[] {
  const [text, ...below] = partsOf(node, leaves);
  return [text, ...below.flatMap((part) => explainNode(part, leaves)).map((line) => `  ${line}`)];
}

function partsOf(node: Node, leaves: readonly Leaf[]): [text: string, ...below: Node[]] {
  switch (node.kind) {
    case "leaf":
      return [`leaf ${node.leaf}: ${printLeaf(leaves[node.leaf]!)}`];
    case "absent":
      return [`1 as ${printLabels(node.labels)} without`, { kind: "leaf", leaf: node.leaf }];
    case "aggregate": {
      const { op, parameter, grouping, inner } = node;
      const size = parameter === undefined ? "" : ` ${parameter}`;
      return [`${op}${size}${printGrouping(grouping, ",")}`, inner];
    }
    case "scalar": {
      const op = `${node.op}${node.bool ? " bool" : ""}`;
      const scalar = printNumber(node.scalar);
      return [node.side === "left" ? `${scalar} ${op} each` : `each ${op} ${scalar}`, node.inner];
    }
    case "match":
      return [
        `${node.op}${node.bool ? " bool" : ""}${printMatching(node.matching)}`,
        node.left,
        node.right,
      ];
    case "set":
      return [`${node.op}${printMatching(node.matching)}`, node.left, node.right];
    case "label-replace": {
      const texts = [node.target, node.replacement, node.source, node.pattern].map(quote);
      return [`label_replace ${texts.join(" ")}`, node.inner];
    }
    case "vector":
      return [`vector ${printNumber(node.value)}`];
    case "constant":
      return [printNumber(node.value)];
    case "variants":
      return ["variants", ...node.variants];
  }
}

function printLeaf({ op, parameter, range, offset }: Leaf): string {
  const front = parameter === undefined ? "" : ` ${parameter}`;
  const moved = offset === 0n ? "" : ` offset ${printGoDuration(offset)}`;
  return `${op}${front} [${printPromDuration(range)}]${moved}`;
}

function printMatching({ on, names, card, include }: VectorMatching): string {
  if (!on && names.length === 0) return "";
  const joint = ` ${on ? "on" : "ignoring"} (${names.join(",")})`;
  if (card === "one-to-one") return joint;
  return `${joint} ${card === "many-to-one" ? "group_left" : "group_right"} (${include.join(",")})`;
}

/** The last moment is not part of it. */
function printSpan(from: bigint, through: bigint): string {
  return `from ${printNanos(from)} before ${printNanos(through)}`;
}
