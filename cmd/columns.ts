/** Rows of cells as lines, each column as wide as its widest cell. */
export function* columns(rows: readonly (readonly string[])[]): Generator<string> {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    yield row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
}
