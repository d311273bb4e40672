/** Days such as 2023-10-31, refused in the words of Go's time package. */
import { GoError } from "../golang/go-error.ts";
import { quote } from "../golang/quote.ts";

const LAYOUT = '"2006-01-02"';

const PARTS = [
  { pattern: /^\d{4}/, layout: "2006" },
  { pattern: /^-/, layout: "-" },
  { pattern: /^\d{2}/, layout: "01" },
  { pattern: /^-/, layout: "-" },
  { pattern: /^\d{2}/, layout: "02" },
];

/** The day as it came. Throws GoError: `parsing time "2023-1-1" as "2006-01-02": cannot parse "1-1" as "01"`. */
export function parseDay(text: string): string {
  let rest = text;
  for (const { pattern, layout } of PARTS) {
    const match = pattern.exec(rest);
    if (match === null) {
      throw new GoError(
        `parsing time ${quote(text)} as ${LAYOUT}: cannot parse ${quote(rest)} as ${quote(layout)}`,
      );
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== "") throw new GoError(`parsing time ${quote(text)}: extra text: ${quote(rest)}`);
  const [, month = 0, day = 0] = text.split("-").map(Number);
  if (month < 1 || month > 12) throw new GoError(`parsing time ${quote(text)}: month out of range`);
  const back = new Date(dayMs(text)).getUTCDate();
  if (back !== day) throw new GoError(`parsing time ${quote(text)}: day out of range`);
  return text;
}

/** Its midnight UTC, Unix milliseconds. */
export function dayMs(day: string): number {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return Date.UTC(year, month - 1, date);
}
