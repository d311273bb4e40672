/** What verify finds wrong, one object each. */

/**
 * - `missing`: the index names the chunk and there is no such object.
 * - `truncated`: an object is shorter than it says, or empty.
 * - `damaged`: bytes of an object are not what they were.
 * - `differs`: a chunk is whole and the index says something else of it.
 * - `orphaned`: no index file names the chunk, so no query finds its lines.
 * - `foreign`: an object that is no part of a bucket: nobody reads it, and nothing of ours deletes it.
 * - `unusual`: nothing is lost, but no writer that we know leaves such bytes.
 */
export type FindingKind =
  | "missing"
  | "truncated"
  | "damaged"
  | "differs"
  | "orphaned"
  | "foreign"
  | "unusual";

export interface Finding {
  readonly kind: FindingKind;
  readonly key: string;
  readonly what: string;
}

/** Whether a bucket with this finding is less than it should be. */
export function isWrong({ kind }: Finding): boolean {
  return kind !== "unusual" && kind !== "foreign";
}
