/** Work on many items, some of it started before its turn, its results in the items' order. */

/** So many are started beside the one that is waited for; what fails throws when its turn comes. */
export async function* inOrder<T, R>(
  items: readonly T[],
  width: number,
  start: (item: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const started: Promise<R>[] = [];
  let next = 0;
  for (const item of items) {
    for (; next < items.length && started.length <= width; next++) {
      const work = start(items[next]!);
      // Until its turn comes a failure must not count as unhandled.
      work.catch(() => {});
      started.push(work);
    }
    yield [item, await started.shift()!];
  }
}
