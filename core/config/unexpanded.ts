/** Variables that stand in a file as they are written, since nobody asked for their values. */

const VARIABLE = /\$\{[A-Za-z_]\w*/;

/** What Loki says whenever a file is wrong. */
export const EXPAND_HINT =
  ". Use `-config.expand-env=true` flag if you want to expand environment variables in your config file";

/** Of the first one, in a line that is no comment. */
export function unexpandedWarnings(name: string, text: string): string[] {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => VARIABLE.test(line) && !/^\s*#/.test(line));
  if (at < 0) return [];
  const [variable] = VARIABLE.exec(lines[at]!)!;
  return [
    `${name}:${at + 1}: ${variable}} and other variables are taken as they are written${EXPAND_HINT}`,
  ];
}
