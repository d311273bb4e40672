/**
 * Where reading goes on after a damaged fragment. The next fragment is never looked for inside the
 * data of the damaged one: a log line may hold bytes that look like a fragment, and whoever wrote
 * that line would have written a record. What may be believed is the header's size, or the one size
 * for which the header's checksum holds.
 */
import { crc32c } from "../bytes/crc32c.ts";
import {
  claimedChecksum,
  claimedSize,
  fragmentFault,
  isFragmentHead,
  isPadding,
} from "./fragment.ts";
import { FRAGMENT_HEADER_SIZE } from "./layout.ts";

/**
 * Offset of the fragment after the damaged one at `at`, or `end`, that of its page, when nothing
 * tells. With `search` the size may be found by its checksum, which reads the rest of the page.
 */
export function resync(
  bytes: Uint8Array,
  at: number,
  end: number,
  { search }: { search: boolean },
): number {
  const data = at + FRAGMENT_HEADER_SIZE;
  if (data >= end) return end;
  const next = data + claimedSize(bytes, at);
  const claimed = claimedChecksum(bytes, at);
  // The type is damaged, and only the type.
  if (next > data && next <= end && crc32c(bytes, data, next) === claimed) return next;
  // The size may be: even when it leads to a sound fragment it may have led past others.
  if (search) {
    const found = findByChecksum(bytes, data, end, claimed);
    if (found !== undefined) return found;
  }
  // The data is, or the checksum.
  return next <= end && leadsOn(bytes, next, end) ? next : end;
}

/** The end of the data that has this checksum and after which the page makes sense. */
function findByChecksum(
  bytes: Uint8Array,
  data: number,
  end: number,
  claimed: number,
): number | undefined {
  let sum = 0;
  let summed = data;
  for (let at = data + 1; at <= end; at++) {
    if (!mayFollow(bytes, at, end)) continue;
    sum = crc32c(bytes, summed, at, sum);
    summed = at;
    if (sum === claimed && leadsOn(bytes, at, end)) return at;
  }
  return undefined;
}

/** A first look whether a fragment, padding or the page's end can be here. */
function mayFollow(bytes: Uint8Array, at: number, end: number): boolean {
  if (at === end || bytes[at] === 0) return true;
  return isFragmentHead(bytes[at]!) && at + FRAGMENT_HEADER_SIZE + claimedSize(bytes, at) <= end;
}

/** Whether a sound fragment or the page's end is reached from here, perhaps past more damage. */
function leadsOn(bytes: Uint8Array, at: number, end: number): boolean {
  while (end - at >= FRAGMENT_HEADER_SIZE && !isPadding(bytes, at, end)) {
    if (fragmentFault(bytes, at, end) === undefined) return true;
    if (!isFragmentHead(bytes[at]!)) return false;
    at += FRAGMENT_HEADER_SIZE + claimedSize(bytes, at);
  }
  return at <= end && isPadding(bytes, at, end);
}
