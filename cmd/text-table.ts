/** Rows of cells as lines of text. */

/** Columns as wide as their widest cell; those whose title begins with a blank stand to the right. */
export function textTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const right = titles.map((title) => title.startsWith(" "));
  const all = [titles.map((title) => title.trim()), ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, at) => (right[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd(),
  );
}
