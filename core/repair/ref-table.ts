/**
 * References of chunks, each once, in columns: about 60 bytes a chunk, so that a bucket of ten million
 * takes some hundreds of megabytes. What an index names can so be held against what a listing finds.
 */
import type { ChunkRef } from "../model/chunk-ref.ts";

/** What a chunk is known by: the parts of its key. */
export interface ChunkId extends Pick<ChunkRef, "fromMs" | "throughMs" | "checksum"> {
  readonly tenant: string;
  readonly fingerprint: bigint;
}

const FIRST_ROWS = 1024;
/** Numbers of a row: tenant, fingerprint high and low, checksum, KiB, entries. */
const WORDS = 6;
const [TENANT, HIGH, LOW, CHECKSUM, KB, ENTRIES] = [0, 1, 2, 3, 4, 5];

export class RefTable {
  readonly #tenants: string[] = [];
  readonly #tenantNumbers = new Map<string, number>();
  #count = 0;
  #words = new Uint32Array(WORDS * FIRST_ROWS);
  /** First and last moment of each row. */
  #times = new Float64Array(2 * FIRST_ROWS);
  #marks = new Uint8Array(FIRST_ROWS);
  /** Open addressing: row + 1, or 0. Twice as many slots as rows, at least. */
  #slots = new Uint32Array(2 * FIRST_ROWS);

  get count(): number {
    return this.#count;
  }

  /** The row of a chunk; its number is `count` as it was before when it is new. Of one that is known the weight stays. */
  add(id: ChunkId, weight: Pick<ChunkRef, "kb" | "entries">): number {
    const tenant = this.#numberOf(id.tenant);
    const { high, low } = halves(id.fingerprint);
    const slot = this.#slotOf(tenant, high, low, id);
    const known = this.#slots[slot]!;
    if (known > 0) return known - 1;
    const row = this.#count++;
    this.#slots[slot] = row + 1;
    const values = [tenant, high, low, id.checksum, weight.kb, weight.entries];
    this.#words.set(values, WORDS * row);
    this.#times[2 * row] = id.fromMs;
    this.#times[2 * row + 1] = id.throughMs;
    if (this.#count === this.#marks.length) this.#grow();
    return row;
  }

  /** Undefined when the chunk is not in the table. */
  find(id: ChunkId): number | undefined {
    const tenant = this.#tenantNumbers.get(id.tenant);
    if (tenant === undefined) return undefined;
    const { high, low } = halves(id.fingerprint);
    const known = this.#slots[this.#slotOf(tenant, high, low, id)]!;
    return known > 0 ? known - 1 : undefined;
  }

  idAt(row: number): ChunkId {
    const at = WORDS * row;
    const fingerprint = (BigInt(this.#words[at + HIGH]!) << 32n) | BigInt(this.#words[at + LOW]!);
    return {
      tenant: this.#tenants[this.#words[at + TENANT]!]!,
      fingerprint,
      fromMs: this.#times[2 * row]!,
      throughMs: this.#times[2 * row + 1]!,
      checksum: this.#words[at + CHECKSUM]!,
    };
  }

  weightAt(row: number): Pick<ChunkRef, "kb" | "entries"> {
    return { kb: this.#words[WORDS * row + KB]!, entries: this.#words[WORDS * row + ENTRIES]! };
  }

  mark(row: number): void {
    this.#marks[row] = 1;
  }

  isMarked(row: number): boolean {
    return this.#marks[row] === 1;
  }

  #numberOf(tenant: string): number {
    let number = this.#tenantNumbers.get(tenant);
    if (number === undefined) {
      number = this.#tenants.push(tenant) - 1;
      this.#tenantNumbers.set(tenant, number);
    }
    return number;
  }

  /** Where the chunk is, or where it would be put. */
  #slotOf(
    tenant: number,
    high: number,
    low: number,
    { fromMs, throughMs, checksum }: Pick<ChunkRef, "fromMs" | "throughMs" | "checksum">,
  ): number {
    const mask = this.#slots.length - 1;
    let slot =
      mix(checksum ^ Math.imul(low ^ Math.imul(tenant + 1, 0x9e3779b1), 0x85ebca6b)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row < 0) return slot;
      const at = WORDS * row;
      if (
        this.#words[at + CHECKSUM] === checksum &&
        this.#words[at + LOW] === low &&
        this.#words[at + HIGH] === high &&
        this.#words[at + TENANT] === tenant &&
        this.#times[2 * row] === fromMs &&
        this.#times[2 * row + 1] === throughMs
      ) {
        return slot;
      }
    }
  }

  #grow(): void {
    const rows = 2 * this.#marks.length;
    this.#words = longer(this.#words, new Uint32Array(WORDS * rows));
    this.#times = longer(this.#times, new Float64Array(2 * rows));
    this.#marks = longer(this.#marks, new Uint8Array(rows));
    this.#slots = new Uint32Array(2 * rows);
    for (let row = 0; row < this.#count; row++) {
      const at = WORDS * row;
      const [tenant, high, low] = [
        this.#words[at + TENANT]!,
        this.#words[at + HIGH]!,
        this.#words[at + LOW]!,
      ];
      const times = { fromMs: this.#times[2 * row]!, throughMs: this.#times[2 * row + 1]! };
      const checksum = this.#words[at + CHECKSUM]!;
      this.#slots[this.#slotOf(tenant, high, low, { ...times, checksum })] = row + 1;
    }
  }
}

function halves(value: bigint): { high: number; low: number } {
  return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
}

function mix(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
  return (half ^ (half >>> 13)) >>> 0;
}

function longer<T extends { set(from: T): void }>(short: T, long: T): T {
  long.set(short);
  return long;
}
