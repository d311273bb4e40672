/**
 * The lines of a log query in the one order that it has (spec query-evaluation §2.2): by time; of
 * equal times by the hash of the stream's labels; within a stream as they came in, or exactly the
 * other way round.
 *
 * Blocks overlap in time, so lines wait here until no later block can bring one that goes before them.
 */
import type { StreamId } from "../../model/block.ts";
import type { LabelSet } from "../stages/label-set.ts";

/** A line that may become part of the answer. */
export interface Candidate {
  /** The halves of its 64-bit time: looking at them is cheaper than a BigInt a line. */
  readonly high: number;
  readonly low: number;
  readonly stream: StreamId;
  readonly labels: LabelSet;
  readonly line: string;
}

/** Unix nanoseconds. */
export function timeOf({ high, low }: Candidate): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

export class Sequence {
  /** 1 forward, −1 backward. */
  readonly #sign: 1 | -1;
  #waiting: Candidate[] = [];

  constructor(direction: "forward" | "backward") {
    this.#sign = direction === "forward" ? 1 : -1;
  }

  /** Time of the last of the first `wanted` lines: what comes after it in the order is of no use any more. */
  cut(wanted: number): bigint | undefined {
    const worst = this.#waiting[wanted - 1];
    return worst === undefined ? undefined : timeOf(worst);
  }

  /** Takes lines of one block in the order of the query. Gives back what comes after the first `wanted`. */
  add(fresh: readonly Candidate[], wanted: number): Candidate[] {
    const [known, merged]: [Candidate[], Candidate[]] = [this.#waiting, []];
    let [a, b] = [0, 0];
    while (merged.length < wanted && (a < known.length || b < fresh.length)) {
      const takeKnown =
        b === fresh.length || (a < known.length && this.#compare(known[a]!, fresh[b]!) <= 0);
      merged.push(takeKnown ? known[a++]! : fresh[b++]!);
    }
    this.#waiting = merged;
    return [...known.slice(a), ...fresh.slice(b)];
  }

  /** The lines that go before every line of a block that starts (backward: ends) at this time. */
  takeBefore(time: bigint): Candidate[] {
    const [high, low] = [Number(time >> 32n), Number(time & 0xffffffffn)];
    let count = 0;
    while (count < this.#waiting.length && this.#order(high, low, this.#waiting[count]!) > 0)
      count++;
    return this.#waiting.splice(0, count);
  }

  takeAll(): Candidate[] {
    return this.#waiting.splice(0);
  }

  #compare(a: Candidate, b: Candidate): number {
    const order = this.#order(a.high, a.low, b);
    if (order !== 0 || a.stream === b.stream) return order;
    const [left, right] = [a.stream.fingerprint, b.stream.fingerprint];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  #order(high: number, low: number, other: Candidate): number {
    return (high - other.high || low - other.low) * this.#sign;
  }
}
