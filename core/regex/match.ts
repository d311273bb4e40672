/** A match: where it is in the text, and its groups, undefined for one that took no part. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** The whole match first. */
  readonly groups: readonly (string | undefined)[];
}
