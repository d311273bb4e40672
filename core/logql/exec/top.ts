/**
 * `topk` and `bottomk`: the best samples of each group at each step, under their own labels. Which of
 * several equal samples are taken is visible, so we do as Loki does: series go in the order of their
 * labels through a binary heap as Go's, whose root is the worst that is still in.
 */
import { compareLabels, printLabels } from "../../labels/labels.ts";
import type { Grouping } from "../syntax/ast.ts";
import type { Budget } from "./budget.ts";
import { groupLabels } from "./grouping.ts";
import { Points, type Series, type SeriesBatches, seriesBytes } from "./series.ts";

export interface TopOptions {
  readonly size: number;
  /** Which end: the largest or the smallest values. NaN is the worst of both. */
  readonly best: "largest" | "smallest";
  readonly grouping: Grouping;
}

export async function* topSeries(
  { size, best, grouping }: TopOptions,
  inner: SeriesBatches,
  budget: Budget,
): AsyncGenerator<readonly Series[]> {
  const all: Series[] = [];
  for await (const batch of inner) {
    for (const series of batch) {
      budget.hold(seriesBytes(series));
      all.push(series);
    }
  }
  const worse = best === "largest" ? smaller : larger;
  const groups = new Map<string, Map<number, Item[]>>();
  for (const series of all.sort((a, b) => compareLabels(a.labels, b.labels))) {
    const key = printLabels(groupLabels(series.labels, grouping));
    let heaps = groups.get(key);
    if (heaps === undefined) groups.set(key, (heaps = new Map()));
    enter(heaps, series, { size, worse, budget });
  }
  for (const heaps of groups.values()) yield winners(heaps, worse);
}

interface Item {
  readonly value: number;
  readonly owner: Series;
}

type Order = (a: number, b: number) => boolean;

const smaller: Order = (a, b) => Number.isNaN(a) || a < b;
const larger: Order = (a, b) => Number.isNaN(a) || a > b;

/** Puts the samples of a series into the heap of their step. */
function enter(
  heaps: Map<number, Item[]>,
  owner: Series,
  { size, worse, budget }: { size: number; worse: Order; budget: Budget },
): void {
  owner.steps.forEach((step, index) => {
    const value = owner.values[index]!;
    let heap = heaps.get(step);
    if (heap === undefined) heaps.set(step, (heap = []));
    if (heap.length < size) {
      budget.hold(48);
    } else {
      if (!worse(heap[0]!.value, value)) return;
      pop(heap, worse);
    }
    push(heap, { value, owner }, worse);
  });
}

function push(heap: Item[], item: Item, worse: Order): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!worse(heap[at]!.value, heap[parent]!.value)) break;
    swap(heap, at, parent);
    at = parent;
  }
}

function pop(heap: Item[], worse: Order): void {
  const size = heap.length - 1;
  swap(heap, 0, size);
  for (let at = 0; ; ) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && worse(heap[child + 1]!.value, heap[child]!.value)) child++;
    if (!worse(heap[child]!.value, heap[at]!.value)) break;
    swap(heap, at, child);
    at = child;
  }
  heap.pop();
}

function swap(heap: Item[], a: number, b: number): void {
  const item = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = item;
}

/** The series that are in a heap, with the points at which they are. The best of a step come first. */
function winners(heaps: Map<number, Item[]>, worse: Order): Series[] {
  const points = new Map<Series, Points>();
  for (const [step, heap] of [...heaps].sort(([a], [b]) => a - b)) {
    for (const { value, owner } of heap.sort((a, b) => rank(a.value, b.value, worse))) {
      let own = points.get(owner);
      if (own === undefined) points.set(owner, (own = new Points()));
      own.add(step, value);
    }
  }
  return [...points].map(([{ labels, key }, own]) => own.take(labels, key));
}

function rank(a: number, b: number, worse: Order): number {
  return Number(worse(a, b)) - Number(worse(b, a));
}
