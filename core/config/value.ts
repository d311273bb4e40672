/** What a key is set to, once its text is read. */

/** Durations are nanoseconds as bigint, sizes are bytes. */
export type Value =
  | string
  | number
  | boolean
  | bigint
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Keys by path, such as `ingester.wal.dir`. One layer has what one source sets. */
export type Layer = ReadonlyMap<string, Value>;

/** One block of a list, or one by a name of the user's: keys by their path in the block, such as `index.prefix`. */
export type Item = { readonly [path: string]: Value };

export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object") return false;
  const [names, others] = [Object.keys(left), Object.keys(right)];
  if (Array.isArray(left) !== Array.isArray(right) || names.length !== others.length) return false;
  return names.every((name) => sameValue((left as Item)[name], (right as Item)[name]));
}
