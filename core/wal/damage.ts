/** What a reader of the log could not make sense of. It is reported with its place, and reading goes on. */

export interface Damage {
  /**
   * `torn`: a record that ends with its segment, which is what a crash leaves of a write that was not
   * acknowledged. `hole`: segments that should be there and are not. `corrupt`: anything else.
   */
  readonly kind: "corrupt" | "torn" | "hole";
  /** Path of the segment: "00000003", "checkpoint.000002/00000000". */
  readonly segment: string;
  /** Where in the segment the damaged record or fragment starts, bytes. */
  readonly offset: number;
  /** What was wrong, with its numbers. */
  readonly what: string;
}
