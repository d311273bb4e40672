/**
 * Reads a segment: pages of fragments, fragments put together to records. Loki stops at the first
 * damage and loses what follows; here a damaged fragment costs its own record, and reading goes on
 * with the next one, or with the next page when nothing tells where that is.
 */
import type { Damage } from "./damage.ts";
import { claimedSize, fragmentFault, isPadding } from "./fragment.ts";
import {
  FRAGMENT,
  FRAGMENT_FLAGS,
  FRAGMENT_HEADER_SIZE,
  FRAGMENT_TYPE_MASK,
  PAGE_SIZE,
  RECORD_SIZE_MAX,
} from "./layout.ts";
import { resync } from "./resync.ts";

/** Bytes of a segment that are held at a time, besides the record in the making. */
const WINDOW_SIZE = 32 * PAGE_SIZE;

/** How often in a page the size of a damaged fragment is searched for, which is slow. */
const SEARCHES_MAX = 32;

/** Where a segment's bytes come from. `read` gives the bytes of a range, which are then the reader's. */
export interface SegmentSource {
  readonly size: number;
  read(offset: number, size: number): Uint8Array | Promise<Uint8Array>;
}

/** A record as it was logged, still compressed if `flags` says so. The bytes may be kept. */
export interface RawRecord {
  readonly bytes: Uint8Array;
  /** Offset of its first fragment in the segment. */
  readonly offset: number;
  /** 0, SNAPPY_FLAG or ZSTD_FLAG. */
  readonly flags: number;
}

export interface SegmentVisitor {
  /** Takes each sound record, in order; a promise is waited for. */
  record(record: RawRecord): void | Promise<void>;
  damage(damage: Omit<Damage, "segment">): void;
  /** Called after every window with the bytes read so far. */
  progress?(done: number): void;
}

/** Reads a segment from its start to its end, a window of pages at a time. */
export async function readSegment(
  source: Uint8Array | SegmentSource,
  visitor: SegmentVisitor,
  signal?: AbortSignal,
): Promise<void> {
  const from = source instanceof Uint8Array ? sourceOf(source) : source;
  const reader = new PageReader(from.size, visitor);
  for (let offset = 0; offset < from.size; offset += WINDOW_SIZE) {
    signal?.throwIfAborted();
    const bytes = await from.read(offset, Math.min(WINDOW_SIZE, from.size - offset));
    const window = wholePages(bytes);
    for (let page = 0; page < window.length; page += PAGE_SIZE) {
      for (const record of reader.page(window, page, offset)) {
        const visited = visitor.record(record);
        if (visited !== undefined) await visited;
      }
    }
    visitor.progress?.(offset + bytes.length);
  }
  reader.finish();
}

function sourceOf(bytes: Uint8Array): SegmentSource {
  return { size: bytes.length, read: (offset, size) => bytes.subarray(offset, offset + size) };
}

/** What is missing of the last page counts as zeros, as it does for Loki. */
function wholePages(bytes: Uint8Array): Uint8Array {
  const over = bytes.length % PAGE_SIZE;
  if (over === 0) return bytes;
  const whole = new Uint8Array(bytes.length - over + PAGE_SIZE);
  whole.set(bytes);
  return whole;
}

/** The state between the pages of one segment: the record in the making. */
class PageReader {
  readonly #size: number;
  readonly #visitor: SegmentVisitor;
  #parts: Uint8Array[] = [];
  #partsSize = 0;
  #offset = 0;
  #flags = 0;
  /** True after damage: the rest of a record whose beginning was lost says nothing new. */
  #skipping = false;

  constructor(size: number, visitor: SegmentVisitor) {
    this.#size = size;
    this.#visitor = visitor;
  }

  /** Gives the records that end in the page at `start` of a window that lies at `base` of the segment. */
  *page(window: Uint8Array, start: number, base: number): Generator<RawRecord> {
    const end = start + PAGE_SIZE;
    let searches = 0;
    for (let at = start; at < end && !isPadding(window, at, end); ) {
      const what = this.#fault(window, at, end, base);
      if (what !== undefined) {
        const next = resync(window, at, end, { search: searches++ < SEARCHES_MAX });
        this.#damaged(this.#isCut(window, at, next, base) ? "torn" : "corrupt", base + at, what);
        at = next;
        continue;
      }
      const data = at + FRAGMENT_HEADER_SIZE;
      const next = data + claimedSize(window, at);
      const record = this.#fragment(window[at]!, window.subarray(data, next), base + at);
      if (record !== undefined) yield record;
      at = next;
    }
  }

  #fault(window: Uint8Array, at: number, end: number, base: number): string | undefined {
    // With zeros for what is missing of it, a header may claim to have no data.
    const left = this.#size - base - at;
    if (left < FRAGMENT_HEADER_SIZE)
      return `fragment header ends with its segment after ${left} bytes`;
    return fragmentFault(window, at, end);
  }

  /** Whether a damaged fragment is one that the segment's end cut off, and nothing is left after it. */
  #isCut(window: Uint8Array, at: number, next: number, base: number): boolean {
    if (base + next < this.#size) return false;
    const header = base + at + FRAGMENT_HEADER_SIZE;
    return header > this.#size || header + claimedSize(window, at) > this.#size;
  }

  /** Looks for a record that the end of the segment cut off. */
  finish(): void {
    if (this.#parts.length === 0) return;
    this.#damaged(
      "torn",
      this.#offset,
      `record ends with its segment after ${this.#partsSize} bytes`,
    );
  }

  /** Takes a sound fragment; gives the record that it completes. */
  #fragment(head: number, data: Uint8Array, offset: number): RawRecord | undefined {
    const type = head & FRAGMENT_TYPE_MASK;
    const flags = head & FRAGMENT_FLAGS;
    if (type === FRAGMENT.full || type === FRAGMENT.first) {
      if (this.#parts.length > 0) {
        this.#damaged("corrupt", this.#offset, `record goes on with fragment type ${type}`);
        // Either this fragment's type is damaged or the ones before lack their end. Only in the
        // middle of a page can no part of another record stand.
        if (offset % PAGE_SIZE === 0) return undefined;
      }
      this.#skipping = false;
      if (type === FRAGMENT.full) return { bytes: data, offset, flags };
      this.#begin(data, offset, flags);
      return undefined;
    }
    if (this.#parts.length === 0) {
      if (!this.#skipping)
        this.#damaged("corrupt", offset, `fragment type ${type} begins a record`);
      return undefined;
    }
    if (flags !== this.#flags) {
      this.#damaged("corrupt", offset, `compression changes from ${this.#flags} to ${flags}`);
      return undefined;
    }
    if (this.#partsSize + data.length > RECORD_SIZE_MAX) {
      this.#damaged("corrupt", this.#offset, `record is larger than ${RECORD_SIZE_MAX} bytes`);
      return undefined;
    }
    this.#parts.push(data);
    this.#partsSize += data.length;
    return type === FRAGMENT.last ? this.#complete() : undefined;
  }

  #begin(data: Uint8Array, offset: number, flags: number): void {
    this.#parts = [data];
    this.#partsSize = data.length;
    this.#offset = offset;
    this.#flags = flags;
  }

  #complete(): RawRecord {
    const bytes = new Uint8Array(this.#partsSize);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    return { bytes, offset: this.#offset, flags: this.#flags };
  }

  #damaged(kind: Damage["kind"], offset: number, what: string): void {
    this.#parts = [];
    this.#partsSize = 0;
    this.#skipping = true;
    this.#visitor.damage({ kind, offset, what });
  }
}
