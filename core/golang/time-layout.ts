/** Prints moments after Go's layouts: `2006-01-02 15:04:05.999999999 -0700 MST`. */
import { type Civil, civilOf, MONTHS, WEEKDAYS } from "./civil.ts";
import { tokensOf } from "./time-tokens.ts";
import { UTC, type Zone } from "./zone.ts";

export const RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00";

/** How Go prints a time value by itself. */
export const DEFAULT_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST";

/** A moment in Unix nanoseconds as a layout has it, in a zone's time. */
export function formatTime(ns: bigint, layout: string, zone: Zone = UTC): string {
  const civil = civilOf(ns, zone);
  let out = "";
  for (const token of tokensOf(layout)) {
    out += "text" in token ? token.text : formatElement(token.element, civil);
  }
  return out;
}

function formatElement(element: string, civil: Civil): string {
  switch (element) {
    case "2006":
      return signed(civil.year, 4);
    case "06":
      return padded(((civil.year % 100) + 100) % 100, 2);
    case "January":
      return MONTHS[civil.month - 1]!;
    case "Jan":
      return MONTHS[civil.month - 1]!.slice(0, 3);
    case "01":
      return padded(civil.month, 2);
    case "1":
      return `${civil.month}`;
    case "Monday":
      return WEEKDAYS[civil.weekday]!;
    case "Mon":
      return WEEKDAYS[civil.weekday]!.slice(0, 3);
    case "02":
      return padded(civil.day, 2);
    case "_2":
      return `${civil.day}`.padStart(2, " ");
    case "2":
      return `${civil.day}`;
    case "002":
      return padded(civil.yearDay, 3);
    case "__2":
      return `${civil.yearDay}`.padStart(3, " ");
    case "15":
      return padded(civil.hour, 2);
    case "03":
      return padded(civil.hour % 12 || 12, 2);
    case "3":
      return `${civil.hour % 12 || 12}`;
    case "04":
      return padded(civil.minute, 2);
    case "4":
      return `${civil.minute}`;
    case "05":
      return padded(civil.second, 2);
    case "5":
      return `${civil.second}`;
    case "PM":
      return civil.hour >= 12 ? "PM" : "AM";
    case "pm":
      return civil.hour >= 12 ? "pm" : "am";
    case "MST":
      return civil.abbreviation === "" ? formatOffset("-0700", civil.offset) : civil.abbreviation;
    default:
      return /^[.,]/.test(element)
        ? formatFraction(element, civil.nanosecond)
        : formatOffset(element, civil.offset);
  }
}

/** `.000` keeps its zeros, `.999` drops those at the end, and the point with them. */
function formatFraction(element: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9)
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, "0");
  if (element[1] === "0") return element[0] + digits;
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "" : element[0] + kept;
}

/** `-0700`, `Z07:00`, `-07` and so on: Z prints as itself when there is no offset. */
function formatOffset(element: string, offset: number): string {
  if (element.startsWith("Z") && offset === 0) return "Z";
  const size = Math.abs(offset);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  const count = element.replace(/\D/g, "").length / 2;
  const digits = parts.slice(0, count).map((part) => padded(part, 2));
  return (offset < 0 ? "-" : "+") + digits.join(element.includes(":") ? ":" : "");
}

function signed(value: number, width: number): string {
  return value < 0 ? `-${padded(-value, width)}` : padded(value, width);
}

function padded(value: number, width: number): string {
  return `${value}`.padStart(width, "0");
}
