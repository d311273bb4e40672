/**
 * Those who follow streams as lines come in. A follower that is slow loses lines and is told which:
 * nothing here waits for it.
 */
import type { CompiledMatcher } from "../labels/matcher.ts";
import { compileMatcher, matchesAll } from "../labels/matcher.ts";
import type { Block, StreamBlock, StreamId } from "../model/block.ts";
import type { Matcher } from "../model/matcher.ts";
import type { Tenant } from "../model/tenant.ts";

/** Bytes of lines that wait for one follower. */
const WAITING_BYTES_MAX = 8 << 20;
/** Drops that are remembered by name until the follower is told. */
const DROPS_MAX = 1000;

export interface Dropped {
  readonly stream: StreamId;
  readonly time: bigint;
}

export class Tailers {
  readonly #byTenant = new Map<Tenant, Set<Tailer>>();

  count(tenant: Tenant): number {
    return this.#byTenant.get(tenant)?.size ?? 0;
  }

  follow(tenant: Tenant, matchers: readonly Matcher[]): Tailer {
    let tailers = this.#byTenant.get(tenant);
    if (tailers === undefined) this.#byTenant.set(tenant, (tailers = new Set()));
    const tailer = new Tailer(matchers.map(compileMatcher), () => {
      tailers.delete(tailer);
      if (tailers.size === 0) this.#byTenant.delete(tenant);
    });
    tailers.add(tailer);
    return tailer;
  }

  /** Hands rows to all who follow their stream. The rows' bytes are copied when somebody does. */
  offer(tenant: Tenant, stream: StreamId, rows: Block, taken: Uint32Array | undefined): void {
    const tailers = this.#byTenant.get(tenant);
    if (tailers === undefined) return;
    let copy: Block | undefined;
    for (const tailer of tailers) {
      if (!tailer.wants(stream)) continue;
      copy ??= copyRows(rows, taken);
      tailer.offer({ stream, block: copy });
    }
  }
}

export class Tailer {
  readonly #matchers: readonly CompiledMatcher[];
  readonly #leave: () => void;
  /** Whether a stream passes the matchers, decided once a stream. */
  readonly #wanted = new WeakMap<StreamId, boolean>();
  #waiting: StreamBlock[] = [];
  #waitingBytes = 0;
  #dropped: Dropped[] = [];
  #wake: (() => void) | undefined;

  constructor(matchers: readonly CompiledMatcher[], leave: () => void) {
    this.#matchers = matchers;
    this.#leave = leave;
  }

  wants(stream: StreamId): boolean {
    let wanted = this.#wanted.get(stream);
    if (wanted === undefined) {
      wanted = matchesAll(this.#matchers, stream.labels);
      this.#wanted.set(stream, wanted);
    }
    return wanted;
  }

  offer(rows: StreamBlock): void {
    const { block } = rows;
    if (this.#waitingBytes + block.text.length > WAITING_BYTES_MAX) {
      for (let row = 0; row < block.rows && this.#dropped.length < DROPS_MAX; row++) {
        this.#dropped.push({ stream: rows.stream, time: block.times[row]! });
      }
    } else {
      this.#waiting.push(rows);
      this.#waitingBytes += block.text.length;
    }
    this.#wake?.();
  }

  /** What has come since the last call, at once; both lists may be empty. */
  take(): { rows: StreamBlock[]; dropped: Dropped[] } {
    const taken = { rows: this.#waiting, dropped: this.#dropped };
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#dropped = [];
    return taken;
  }

  /** Resolves when there is something to take, or the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || this.#dropped.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done);
    });
  }

  close(): void {
    this.#leave();
  }
}

/** The taken rows in bytes of their own. Rows keep the order they came in, which tail shows. */
function copyRows(rows: Block, taken: Uint32Array | undefined): Block {
  const count = taken?.length ?? rows.rows;
  const pick = (index: number) => taken?.[index] ?? index;
  const [times, starts, ends] = [
    new BigInt64Array(count),
    new Uint32Array(count),
    new Uint32Array(count),
  ];
  const firsts = new Uint32Array(count + 1);
  const pairs: number[] = [];
  let size = 0;
  for (let index = 0; index < count; index++)
    size += rows.ends[pick(index)]! - rows.starts[pick(index)]!;
  const text = new Uint8Array(size);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const row = pick(index);
    const [start, end] = [rows.starts[row]!, rows.ends[row]!];
    text.set(rows.text.subarray(start, end), at);
    times[index] = rows.times[row]!;
    starts[index] = at;
    at += end - start;
    ends[index] = at;
    if (rows.metadata !== undefined) {
      const { firsts: from, pairs: source } = rows.metadata;
      for (let pair = 2 * from[row]!; pair < 2 * from[row + 1]!; pair++) pairs.push(source[pair]!);
      firsts[index + 1] = pairs.length / 2;
    }
  }
  const block: Block = { rows: count, times, text, starts, ends };
  if (rows.metadata === undefined) return block;
  return {
    ...block,
    metadata: { symbols: rows.metadata.symbols, firsts, pairs: Uint32Array.from(pairs) },
  };
}
