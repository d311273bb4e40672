/**
 * Delete requests as objects of a bucket. Each object is written once and never changed, so whoever
 * writes at the same time, or dies in between, leaves nothing half done:
 *
 *   <prefix><tenant>/<id>/request.json    the wish with the bounds of its parts
 *   <prefix><tenant>/<id>/done-<part>.json  a part was processed, and its receipt
 *   <prefix><tenant>/<id>/cancelled.json  the parts that are not processed are forgotten
 *
 * Each has `at`, the moment of its writing in Unix nanoseconds as decimal text.
 */
import { fromUtf8, utf8 } from "../bytes/text.ts";
import type { DeleteReceipt, DeleteRequest } from "../model/delete-request.ts";
import { Corrupt } from "../model/errors.ts";
import { literalTenant, type Tenant } from "../model/tenant.ts";

/** Where the objects lie in a bucket: beside index and chunks, in a folder that Loki does not look into. */
export const DELETES_PREFIX = "lokits/deletes/";

export type ObjectName =
  | { readonly kind: "request" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "done"; readonly part: number };

export interface ObjectPlace {
  readonly tenant: Tenant;
  readonly id: string;
  readonly name: ObjectName;
}

export function keyOf({ tenant, id, name }: ObjectPlace): string {
  const file = name.kind === "done" ? `done-${name.part}` : name.kind;
  return `${DELETES_PREFIX}${tenant}/${id}/${file}.json`;
}

/** Undefined for a key that is none of ours. */
export function placeOf(key: string): ObjectPlace | undefined {
  const parts = key.slice(DELETES_PREFIX.length).split("/");
  const file = /^(request|cancelled|done-(\d{1,9}))\.json$/.exec(parts[2] ?? "");
  if (parts.length !== 3 || file === null) return undefined;
  const name: ObjectName =
    file[2] === undefined
      ? { kind: file[1] as "request" | "cancelled" }
      : { kind: "done", part: Number(file[2]) };
  const tenant = tenantIn(parts[0]!);
  return tenant && { tenant, id: parts[1]!, name };
}

function tenantIn(folder: string): Tenant | undefined {
  try {
    return literalTenant(folder);
  } catch {
    // A folder that somebody else made.
    return undefined;
  }
}

export interface StoredWish {
  readonly at: bigint;
  readonly parts: readonly DeleteRequest[];
}

export interface StoredReceipt {
  readonly at: bigint;
  readonly receipt: DeleteReceipt;
}

export function encodeWish(parts: readonly DeleteRequest[], at: bigint): Uint8Array {
  const { query, createdMs } = parts[0]!;
  const bounds = parts.map(({ part, startMs, endMs }) => [part, startMs, endMs]);
  return encode({ at: `${at}`, query, createdMs, parts: bounds });
}

/** Throws Corrupt. */
export function decodeWish({ tenant, id }: ObjectPlace, bytes: Uint8Array): StoredWish {
  const { at, query, createdMs, parts } = decode(bytes);
  if (typeof query !== "string" || !isWhole(createdMs) || !Array.isArray(parts)) {
    throw new Corrupt("no delete request: query, createdMs or parts is missing");
  }
  return {
    at: momentOf(at),
    parts: (parts as unknown[]).map((bounds): DeleteRequest => {
      if (!Array.isArray(bounds) || bounds.length !== 3 || !bounds.every(isWhole)) {
        throw new Corrupt(`a part of a delete request is ${JSON.stringify(bounds)}`);
      }
      const [part, startMs, endMs] = bounds as [number, number, number];
      return { tenant, id, part, query, startMs, endMs, createdMs, status: "received" };
    }),
  };
}

export function encodeReceipt(receipt: DeleteReceipt, at: bigint): Uint8Array {
  return encode({ at: `${at}`, ...receipt });
}

/** Throws Corrupt. */
export function decodeReceipt(bytes: Uint8Array): StoredReceipt {
  const fields = decode(bytes);
  const number = (name: keyof DeleteReceipt): number => {
    const value = fields[name];
    if (!isWhole(value)) throw new Corrupt(`${name} of a receipt is ${JSON.stringify(value)}`);
    return value;
  };
  const receipt = {
    processedMs: number("processedMs"),
    linesMatched: number("linesMatched"),
    linesRemoved: number("linesRemoved"),
    chunksRemoved: number("chunksRemoved"),
    chunksRewritten: number("chunksRewritten"),
  };
  return { at: momentOf(fields["at"]), receipt };
}

export function encodeMoment(at: bigint): Uint8Array {
  return encode({ at: `${at}` });
}

/** Throws Corrupt. */
export function decodeMoment(bytes: Uint8Array): bigint {
  return momentOf(decode(bytes)["at"]);
}

function encode(fields: Readonly<Record<string, unknown>>): Uint8Array {
  return utf8(`${JSON.stringify(fields)}\n`);
}

function decode(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw new Corrupt(`${bytes.length} bytes that are no JSON`, { cause: error });
  }
  if (typeof value !== "object" || value === null) throw new Corrupt("JSON that is no object");
  return value as Readonly<Record<string, unknown>>;
}

function momentOf(value: unknown): bigint {
  if (typeof value === "string" && /^\d{1,19}$/.test(value)) return BigInt(value);
  throw new Corrupt(`at is ${JSON.stringify(value)}, want decimal nanoseconds`);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
