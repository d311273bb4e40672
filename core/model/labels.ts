/** Label sets as plain values. Parsing, printing and hashing are in core/labels. */

/** One label pair: name, value. */
export type Label = readonly [name: string, value: string];

/** Label pairs in ascending byte order of their names, no name twice. */
export type Labels = readonly Label[];

/** The label under which an entry of Loki's outer chunk object keeps `logs`; never part of a stream. */
export const METRIC_NAME = "__name__";
