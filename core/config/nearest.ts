/** The known name that a mistyped one was meant to be. */

/** Undefined when nothing is near: more than a third of the letters would have to change. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = normal(name);
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(plain.length, 3) / 3) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, normal(candidate), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Letter case, dashes and underscores are the mistakes that count nothing. */
function normal(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Letters put in, taken out, changed or swapped with the next; `max` when it is that or more. */
function editDistance(left: string, right: string, max: number): number {
  if (Math.abs(left.length - right.length) >= max) return max;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = last[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      row[j] = Math.min(change, last[j]! + 1, row[j - 1]! + 1);
      const swapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      if (i > 1 && j > 1 && swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    if (Math.min(...row) >= max) return max;
    [beforeLast, last] = [last, row];
  }
  return last[right.length]!;
}
