/** One fragment in a page: what its header says, and whether that can be true. */
import { crc32c } from "../bytes/crc32c.ts";
import {
  FRAGMENT,
  FRAGMENT_FLAGS,
  FRAGMENT_HEADER_SIZE,
  FRAGMENT_TYPE_MASK,
  PAGE_SIZE,
} from "./layout.ts";

/** The size that a fragment's header claims for its data. The header must be within the bytes. */
export function claimedSize(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** The checksum that a fragment's header claims. */
export function claimedChecksum(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + 3]! << 24) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!) >>> 0
  );
}

/** Whether a type byte is one that a writer writes. */
export function isFragmentHead(head: number): boolean {
  const type = head & FRAGMENT_TYPE_MASK;
  const unknown = head & ~FRAGMENT_TYPE_MASK & ~FRAGMENT_FLAGS;
  return type >= FRAGMENT.full && type <= FRAGMENT.last && unknown === 0;
}

/** Whether nothing but zeros follows up to the page's end. */
export function isPadding(bytes: Uint8Array, at: number, end: number): boolean {
  while (at < end) if (bytes[at++] !== 0) return false;
  return true;
}

/**
 * Says what is wrong with the fragment at `at` of a page that ends at `end`, or undefined when
 * nothing is. The checksum covers the data alone; what it leaves open, geometry closes: a first or
 * middle fragment always fills its page, a middle or last one always starts it.
 */
export function fragmentFault(bytes: Uint8Array, at: number, end: number): string | undefined {
  const free = end - at - FRAGMENT_HEADER_SIZE;
  const head = bytes[at]!;
  if (free < 0 || head === FRAGMENT.padding) return "unexpected non-zero byte in padded page";
  if (!isFragmentHead(head)) return `fragment type is ${head}`;

  const size = claimedSize(bytes, at);
  if (size > free) return `fragment claims ${size} bytes, ${free} are left in its page`;

  const type = head & FRAGMENT_TYPE_MASK;
  if ((type === FRAGMENT.first || type === FRAGMENT.middle) && size < free) {
    return `fragment of type ${type} leaves ${free - size} bytes of its page`;
  }
  const pageOffset = PAGE_SIZE - (end - at);
  if ((type === FRAGMENT.middle || type === FRAGMENT.last) && pageOffset > 0) {
    return `fragment of type ${type} starts ${pageOffset} bytes into its page`;
  }

  const data = at + FRAGMENT_HEADER_SIZE;
  const sum = crc32c(bytes, data, data + size);
  const claimed = claimedChecksum(bytes, at);
  return sum === claimed ? undefined : `unexpected checksum ${hex(sum)}, expected ${hex(claimed)}`;
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
