/** Works on many things at a time: so many, and so many bytes of them. */

export interface InFlightOptions<T> {
  /** Things that are worked on at a time. */
  readonly width: number;
  /** Bytes that they may have together; a single thing may have more. */
  readonly bytesMax: number;
  sizeOf(item: T): number;
  /** When it is aborted nothing new is begun; what has begun is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each thing when it and all before it are done, in their order: from there work can be resumed. */
  passed?(item: T): void;
}

/**
 * Whether the end was reached. After the first failure nothing new is begun; what has begun is waited
 * for, and then that failure is thrown.
 */
export async function inFlight<T>(
  items: AsyncIterable<T> | Iterable<T>,
  work: (item: T) => Promise<void>,
  { width, bytesMax, sizeOf, signal, passed }: InFlightOptions<T>,
): Promise<boolean> {
  const failures: unknown[] = [];
  /** Begun and not yet passed, in their order. */
  const queue: { readonly item: T; done: boolean }[] = [];
  let [active, bytes] = [0, 0];
  let wake = () => {};

  const begin = async (entry: { readonly item: T; done: boolean }): Promise<void> => {
    const size = sizeOf(entry.item);
    active++;
    bytes += size;
    try {
      await work(entry.item);
      entry.done = true;
      while (queue[0]?.done) {
        const { item } = queue.shift()!;
        passed?.(item);
      }
    } catch (error) {
      failures.push(error);
    }
    active--;
    bytes -= size;
    wake();
  };
  const changed = () =>
    new Promise<void>((done) => {
      wake = done;
    });
  const stopped = () => failures.length > 0 || signal?.aborted === true;

  let ended = true;
  for await (const item of items) {
    while (active > 0 && (active >= width || bytes + sizeOf(item) > bytesMax) && !stopped())
      await changed();
    if (stopped()) {
      ended = false;
      break;
    }
    const entry = { item, done: false };
    queue.push(entry);
    void begin(entry);
  }
  while (active > 0) await changed();
  if (failures.length > 0) throw failures[0];
  return ended;
}
