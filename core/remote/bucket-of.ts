/** Which of several buckets holds a key, and how their listings become one. */
import { compareText, utf8 } from "../bytes/text.ts";
import type { ObjectInfo } from "../ports/object-store.ts";

/** FNV-1a of 32 bits over the key's bytes, modulo the number of buckets, as in Loki. */
export function bucketOf(key: string, buckets: readonly string[]): string {
  if (buckets.length === 1) return buckets[0]!;
  let hash = 0x811c9dc5;
  for (const byte of utf8(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return buckets[(hash >>> 0) % buckets.length]!;
}

/** Listings in key order become one in key order. */
export async function* merge(
  lists: readonly AsyncGenerator<ObjectInfo>[],
): AsyncGenerator<ObjectInfo> {
  if (lists.length === 1) return yield* lists[0]!;
  const heads = await Promise.all(lists.map((list) => list.next()));
  for (;;) {
    let first = -1;
    for (const [index, head] of heads.entries()) {
      if (head.done) continue;
      const best = first < 0 ? undefined : heads[first]!.value;
      if (best === undefined || compareText(head.value.key, best.key) < 0) first = index;
    }
    if (first < 0) return;
    yield heads[first]!.value;
    heads[first] = await lists[first]!.next();
  }
}
