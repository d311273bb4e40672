/**
 * One key of the configuration is one row of a table: what the file calls it, how its text is read,
 * what it is when nobody sets it, and its flag. Parsing, printing and the reference all read these rows.
 */

/** How a key's text is read (types.ts). */
export type ScalarType =
  | "string"
  | "secret" // Printed as asterisks.
  | "url" // Printed without its password.
  | "bool"
  | "int"
  | "float"
  | "duration" // Go's: 1h30m, and a bare number of nanoseconds.
  | "span" // Prometheus's: 1d12h.
  | "size" // 3MB, always by 1024.
  | "window" // 63KiB1023B.
  | "day" // 2023-10-31
  | "strings"
  | "free"; // Any YAML: a block that lokits hands on or does not read.

/** A scalar, a list of blocks, or blocks by names that the user chooses. */
export type KeyType =
  | ScalarType
  | { readonly list: readonly Row[] }
  | { readonly map: readonly Row[] };

export interface Note {
  /** Came with Loki 3.x. */
  readonly added?: true;
  /** Left with Loki 3.x; still taken here. */
  readonly removed?: true;
  /** The default in Loki 3.7.6, where it is another one than here. */
  readonly newer?: string;
  /** Read and without effect; the text says why. Setting it gives a warning. */
  readonly ignored?: string;
  /** Works, and there is a better way; the text names it. Setting it gives a warning. */
  readonly deprecated?: string;
  /** A key that only lokits has; the text says what it does. */
  readonly ours?: string;
}

/** The default is written as a user would write it; undefined when the key has none. The flag is "" when there is none. */
export type Row = readonly [
  key: string,
  type: KeyType,
  initial: string | readonly string[] | undefined,
  flag: string,
  note?: Note,
];

/** The rows of a block that stands below a key. */
export function under(path: string, rows: readonly Row[]): readonly Row[] {
  return rows.map(([key, ...rest]) => [`${path}.${key}`, ...rest]);
}

/** A block whose keys we do not know, since lokits has no use for it. */
export function ignored(path: string, why: string, note: Note = {}): Row {
  return [path, "free", undefined, "", { ...note, ignored: why }];
}
