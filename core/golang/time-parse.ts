/** Reads moments after Go's layouts, as time.ParseInLocation does. */
import { fromWallClock, MONTHS, SECOND_NS, unixSecondsOf, WEEKDAYS } from "./civil.ts";
import { tokensOf } from "./time-tokens.ts";
import { fixedZone, UTC, type Zone } from "./zone.ts";

export interface ZonedTime {
  /** Unix nanoseconds. */
  readonly ns: bigint;
  /** The zone that the text was in. */
  readonly zone: Zone;
}

/** What the elements read so far have said. */
interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isPm: boolean | undefined;
  /** Seconds east of Greenwich, when the text has them. */
  offset: number | undefined;
  isUtc: boolean;
  zoneName: string;
}

/** Undefined when the text is not as the layout has it. `zone` is where the text is when it does not say. */
export function parseTime(layout: string, text: string, zone: Zone): ZonedTime | undefined {
  const fields = { ...START };
  let rest: string | undefined = text;
  const tokens = tokensOf(layout);
  for (const [index, token] of tokens.entries()) {
    if ("text" in token) rest = skipText(rest, token.text);
    else {
      const next = tokens[index + 1];
      const fractionFollows = next !== undefined && "element" in next && /^[.,]/.test(next.element);
      rest = readElement(token.element, rest, fields, fractionFollows);
    }
    if (rest === undefined) return undefined;
  }
  return rest === "" ? resolve(fields, zone) : undefined;
}

const START: Fields = {
  year: 0,
  month: -1,
  day: -1,
  yearDay: -1,
  hour: 0,
  minute: 0,
  second: 0,
  nanosecond: 0,
  isPm: undefined,
  offset: undefined,
  isUtc: false,
  zoneName: "",
};

/** Text of the layout stands in the value as it is; a space there stands for any number of spaces. */
function skipText(value: string, text: string): string | undefined {
  let rest = value;
  for (let at = 0; at < text.length; ) {
    if (text[at] === " ") {
      if (rest !== "" && rest[0] !== " ") return undefined;
      while (text[at] === " ") at += 1;
      rest = rest.replace(/^ +/, "");
    } else {
      if (rest[0] !== text[at]) return undefined;
      rest = rest.slice(1);
      at += 1;
    }
  }
  return rest;
}

type NumberField = "year" | "month" | "day" | "yearDay" | "hour" | "minute" | "second";

/** Elements that are numbers: how they look, the field, and the bounds that are checked at once. */
const NUMBERS: Readonly<Record<string, readonly [RegExp, NumberField, number, number]>> = {
  "2006": [/^\d{4}/, "year", 0, 9999],
  "01": [/^\d\d/, "month", 1, 12],
  "1": [/^\d\d?/, "month", 1, 12],
  "02": [/^\d\d/, "day", 0, 99],
  "2": [/^\d\d?/, "day", 0, 99],
  _2: [/^ ?\d\d?/, "day", 0, 99],
  "002": [/^\d{3}/, "yearDay", 0, 999],
  __2: [/^ {0,2}\d{1,3}/, "yearDay", 0, 999],
  "15": [/^\d\d?/, "hour", 0, 23],
  "03": [/^\d\d/, "hour", 0, 12],
  "3": [/^\d\d?/, "hour", 0, 12],
  "04": [/^\d\d/, "minute", 0, 59],
  "4": [/^\d\d?/, "minute", 0, 59],
  "05": [/^\d\d/, "second", 0, 59],
  "5": [/^\d\d?/, "second", 0, 59],
};

/** Reads an element into the fields. Gives what is left of the value, undefined when it is not there. */
function readElement(
  element: string,
  value: string,
  fields: Fields,
  fractionFollows: boolean,
): string | undefined {
  const number = NUMBERS[element];
  if (number !== undefined) {
    const rest = readNumber(number, value, fields);
    const isSecond = number[1] === "second";
    // Seconds may have a fraction that the layout does not speak of.
    if (rest === undefined || !isSecond || fractionFollows) return rest;
    return /^[.,]\d/.test(rest) ? readFraction(rest, /^[.,]\d+/, fields) : rest;
  }
  switch (element) {
    case "06":
      return readShortYear(value, fields);
    case "January":
    case "Jan":
      return readName(MONTHS, element === "Jan", value, (index) => {
        fields.month = index + 1;
      });
    case "Monday":
    case "Mon":
      return readName(WEEKDAYS, element === "Mon", value, () => {});
    case "PM":
    case "pm":
      return readHalf(element === "PM" ? ["AM", "PM"] : ["am", "pm"], value, fields);
    case "MST":
      return readZoneName(value, fields);
    default:
      return /^[.,]/.test(element)
        ? readLayoutFraction(element, value, fields)
        : readOffset(element, value, fields);
  }
}

function readNumber(
  [form, field, low, high]: readonly [RegExp, NumberField, number, number],
  value: string,
  fields: Fields,
): string | undefined {
  const match = form.exec(value);
  if (match === null) return undefined;
  const number = Number(match[0]);
  if (number < low || number > high) return undefined;
  fields[field] = number;
  return value.slice(match[0].length);
}

function readShortYear(value: string, fields: Fields): string | undefined {
  if (!/^\d\d/.test(value)) return undefined;
  const year = Number(value.slice(0, 2));
  fields.year = year >= 69 ? 1900 + year : 2000 + year;
  return value.slice(2);
}

function readName(
  names: readonly string[],
  isShort: boolean,
  value: string,
  found: (index: number) => void,
): string | undefined {
  const index = names.findIndex((full) => {
    const name = isShort ? full.slice(0, 3) : full;
    return value.slice(0, name.length).toLowerCase() === name.toLowerCase();
  });
  if (index < 0) return undefined;
  found(index);
  return value.slice(isShort ? 3 : names[index]!.length);
}

function readHalf(names: readonly string[], value: string, fields: Fields): string | undefined {
  const half = names.indexOf(value.slice(0, 2));
  if (half < 0) return undefined;
  fields.isPm = half === 1;
  return value.slice(2);
}

/** `.000` wants exactly its digits; `.999` takes what is there, also nothing. */
function readLayoutFraction(element: string, value: string, fields: Fields): string | undefined {
  if (element[1] === "0") {
    return readFraction(value, new RegExp(`^[.,]\\d{${element.length - 1}}`), fields);
  }
  return /^[.,]\d/.test(value) ? readFraction(value, /^[.,]\d+/, fields) : value;
}

function readFraction(value: string, form: RegExp, fields: Fields): string | undefined {
  const match = form.exec(value);
  if (match === null) return undefined;
  fields.nanosecond = Number(match[0].slice(1, 10).padEnd(9, "0"));
  return value.slice(match[0].length);
}

function readOffset(element: string, value: string, fields: Fields): string | undefined {
  if (element.startsWith("Z") && value.startsWith("Z")) {
    fields.isUtc = true;
    return value.slice(1);
  }
  const colon = element.includes(":") ? ":" : "";
  const count = element.replace(/\D/g, "").length / 2;
  const form = new RegExp(`^([+-])(\\d\\d)${`${colon}(\\d\\d)`.repeat(count - 1)}`);
  const match = form.exec(value);
  if (match === null) return undefined;
  const [all, sign, hours, minutes = "0", seconds = "0"] = match;
  if (Number(hours) > 24 || Number(minutes) > 60 || Number(seconds) > 60) return undefined;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  fields.offset = sign === "-" ? -size : size;
  return value.slice(all.length);
}

/** `CET`, `EEST`, `GMT+3`, `ChST`, `+03`: what may be the name of a zone. */
const ZONE_NAME =
  /^(?:ChST|MeST|GMT(?:[+-]\d{1,2})?|WITA|[A-Z]{3}[A-Z]?T(?![A-Z])|[A-Z]{3}(?![A-Z])|[+-]\d\d)/;

function readZoneName(value: string, fields: Fields): string | undefined {
  if (value.startsWith("UTC")) {
    fields.isUtc = true;
    return value.slice(3);
  }
  const match = ZONE_NAME.exec(value);
  if (match === null) return undefined;
  fields.zoneName = match[0];
  return value.slice(match[0].length);
}

function resolve(fields: Fields, zone: Zone): ZonedTime | undefined {
  const date = dateOf(fields);
  if (date === undefined) return undefined;
  const { minute, second, nanosecond } = fields;
  const wall = unixSecondsOf({ ...date, hour: hourOf(fields), minute, second });
  const at = (seconds: number, where: Zone): ZonedTime => ({
    ns: BigInt(seconds) * SECOND_NS + BigInt(nanosecond),
    zone: where,
  });
  if (fields.isUtc) return at(wall, UTC);
  const { offset, zoneName } = fields;
  if (offset !== undefined) {
    const here = zone.at(wall - offset);
    const isHere = here.seconds === offset && (zoneName === "" || here.abbreviation === zoneName);
    return at(wall - offset, isHere ? zone : fixedZone(zoneName, offset));
  }
  if (zoneName === "") return at(fromWallClock(wall, zone), zone);
  const local = fromWallClock(wall, zone);
  if (zone.at(local).abbreviation === zoneName) return at(local, zone);
  // A name that is not in use here: only GMT+3 says what it means.
  const hours = /^GMT([+-]\d+)$/.exec(zoneName)?.[1];
  const seconds = Number(hours ?? 0) * 3600;
  return at(wall - seconds, fixedZone(zoneName, seconds));
}

function hourOf({ hour, isPm }: Fields): number {
  if (isPm === true && hour < 12) return hour + 12;
  return isPm === false && hour === 12 ? 0 : hour;
}

/** The date, undefined when the month has no such day or the day of the year says otherwise. */
function dateOf({ year, month, day, yearDay }: Fields) {
  if (yearDay >= 0) {
    const date = new Date(unixSecondsOf({ year, month: 1, day: yearDay }) * 1000);
    const found = { year, month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    const agrees = (month < 0 || month === found.month) && (day < 0 || day === found.day);
    return yearDay >= 1 && date.getUTCFullYear() === year && agrees ? found : undefined;
  }
  const date = { year, month: month < 0 ? 1 : month, day: day < 0 ? 1 : day };
  const back = new Date(unixSecondsOf(date) * 1000);
  return back.getUTCDate() === date.day && back.getUTCMonth() + 1 === date.month ? date : undefined;
}
