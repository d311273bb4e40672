/**
 * Columns of 64-bit times seen as pairs of 32-bit lanes, the low one first: arithmetic on BigInts
 * costs forty times as much a row. The runtimes we know are all little-endian.
 */

/** The lanes of a column. Shares its memory. */
export function lanesOf(times: BigInt64Array): Uint32Array {
  return new Uint32Array(times.buffer, times.byteOffset, 2 * times.length);
}

/** Negative, zero or positive as time `a` of one column is before, at or after time `b` of another. */
export function compareTimes(left: Uint32Array, a: number, right: Uint32Array, b: number): number {
  const high = (left[2 * a + 1]! | 0) - (right[2 * b + 1]! | 0);
  return high !== 0 ? high : left[2 * a]! - right[2 * b]!;
}

/** The first of `rows` rows that is not before `time`; `rows` when all are. The column is ascending. */
export function firstRowAt(lanes: Uint32Array, rows: number, time: bigint): number {
  const wanted = lanesOf(BigInt64Array.of(BigInt.asIntN(64, time)));
  // A bound may lie outside of 64 bits, as the end of all time does.
  if (time > TIME_MAX) return rows;
  if (time < TIME_MIN) return 0;
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareTimes(lanes, middle, wanted, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const TIME_MAX = 2n ** 63n - 1n;
const TIME_MIN = -(2n ** 63n);

/**
 * The rows of a column in ascending time order, rows of equal time as they lie; undefined when they
 * are in order as they are. A natural merge sort: runs that are in order cost one look, which is the
 * usual case of blocks laid end to end and of lines that came a little late.
 */
export function timeOrder(lanes: Uint32Array, rows: number): Uint32Array | undefined {
  let runs = findRuns(lanes, rows);
  if (runs.length <= 2) return undefined;

  let order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  let spare = new Uint32Array(rows);
  while (runs.length > 2) {
    const longer: number[] = [];
    let index = 0;
    for (; index + 2 < runs.length; index += 2) {
      longer.push(runs[index]!);
      mergeRuns(lanes, order, spare, [runs[index]!, runs[index + 1]!, runs[index + 2]!]);
    }
    if (index + 1 < runs.length) {
      longer.push(runs[index]!);
      spare.set(order.subarray(runs[index], rows), runs[index]);
    }
    longer.push(rows);
    [order, spare] = [spare, order];
    runs = longer;
  }
  return order;
}

/** Where each run that is in order starts, and the end of the last. */
function findRuns(lanes: Uint32Array, rows: number): number[] {
  const runs = [0];
  for (let row = 1; row < rows; row++) {
    const high = lanes[2 * row + 1]! | 0;
    const before = lanes[2 * row - 1]! | 0;
    if (high < before || (high === before && lanes[2 * row]! < lanes[2 * row - 2]!)) runs.push(row);
  }
  runs.push(rows);
  return runs;
}

/** Merges two runs next to each other, source[start, middle) and source[middle, end), into target. */
function mergeRuns(
  lanes: Uint32Array,
  source: Uint32Array,
  target: Uint32Array,
  [start, middle, end]: readonly [number, number, number],
): void {
  let left = start;
  let right = middle;
  let at = start;
  while (left < middle && right < end) {
    const a = source[left]!;
    const b = source[right]!;
    const order =
      (lanes[2 * a + 1]! | 0) - (lanes[2 * b + 1]! | 0) || lanes[2 * a]! - lanes[2 * b]!;
    if (order <= 0) {
      target[at++] = a;
      left++;
    } else {
      target[at++] = b;
      right++;
    }
  }
  while (left < middle) target[at++] = source[left++]!;
  while (right < end) target[at++] = source[right++]!;
}
