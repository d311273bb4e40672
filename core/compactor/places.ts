/**
 * Names of the objects that the compactor keeps in the bucket for itself. FORMAT.md draws what is in
 * them. Nothing of Loki's lies or looks there: its chunks have a tenant and 16 hex digits in front, its
 * tables are below the index prefix.
 */
import type { Random } from "../ports/clock.ts";

/** Everything of ours. */
export const OWN = "lokits/";

/** Chunks that nobody wants any more, to be deleted after a while. */
export const MARKS = `${OWN}marks/`;

/** Who compacts. */
export const LEASES = `${OWN}lease/`;

/** The rules of retention that were applied last. */
export const RULES = `${OWN}retention.json`;

/** The delete requests that are under way, and below `progress/` what was found for them so far. */
export const BATCH = `${OWN}delete-run/batch.json`;
export const PROGRESS = `${OWN}delete-run/progress/`;

const STAMP = /^(\d{13})-[0-9a-f]{16}$/;

/** `<folder>1795418191500-5f3a9c0e77d1b2c4`: in the order of time, and never the same twice. */
export function stampedKey(folder: string, nowMs: number, random: Random): string {
  const tail = [...random.bytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${folder}${Math.floor(nowMs).toString().padStart(13, "0")}-${tail}`;
}

/** The moment of such a key, undefined when it is none. */
export function stampOf(folder: string, key: string): number | undefined {
  const match = key.startsWith(folder) ? STAMP.exec(key.slice(folder.length)) : null;
  return match === null ? undefined : Number(match[1]);
}
