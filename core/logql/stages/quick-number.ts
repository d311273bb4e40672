/**
 * Numbers, durations and sizes as lines mostly have them, read from bytes without making a string:
 * `12`, `0.063`, `59.08ms`, `347MB`. NaN for everything else, which core/golang then reads in full;
 * what is read here has the very value that it would have there.
 */

const DOT = 0x2e;
const MINUS = 0x2d;

/** Whole numbers of so many digits, and powers of ten up to 22, are exact doubles: one rounding is left. */
const DIGITS_MAX = 15;
const POWERS = Array.from({ length: DIGITS_MAX + 1 }, (_, power) => 10 ** power);

/** What the last scan found: digits without the point, how many stood behind it, and where it ended. */
let digits = 0;
let wholePart = 0;
let places = 0;
let unitStart = 0;

/** Digits with at most one point among them. False when there are none, or too many. */
function scan(bytes: Uint8Array, start: number, end: number): boolean {
  let value = 0;
  let point = -1;
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x30 && byte <= 0x39) value = value * 10 + (byte - 0x30);
    else if (byte === DOT && point < 0) {
      point = at;
      wholePart = value;
    } else break;
  }
  const hasPoint = point >= 0;
  const count = at - start - (hasPoint ? 1 : 0);
  if (count === 0 || count > DIGITS_MAX) return false;
  digits = value;
  places = hasPoint ? at - point - 1 : 0;
  if (!hasPoint) wholePart = value;
  unitStart = at;
  return true;
}

export function quickFloat(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  if (!scan(bytes, first, end) || unitStart !== end) return Number.NaN;
  const value = digits / POWERS[places]!;
  return isNegative ? -value : value;
}

const [N, U, M, S, H] = [0x6e, 0x75, 0x6d, 0x73, 0x68];
const WHOLE_MAX = 1e9;

/** Seconds of a duration with one unit. */
export function quickSeconds(bytes: Uint8Array, start: number, end: number): number {
  if (!scan(bytes, start, end)) return Number.NaN;
  const unit = nanosecondsOf(bytes, unitStart, end);
  if (unit === 0 || wholePart >= WHOLE_MAX || places > 9) return Number.NaN;
  const scale = POWERS[places]!;
  const fraction = digits - wholePart * scale;
  // As package time has it: what the fraction has below a nanosecond is cut off.
  const ns = wholePart * unit + Math.trunc(fraction * (unit / scale));
  if (ns > Number.MAX_SAFE_INTEGER) return Number.NaN;
  const rest = ns % 1e9;
  return (ns - rest) / 1e9 + rest / 1e9;
}

/** Nanoseconds of the unit that the bytes spell, 0 when they spell none. */
function nanosecondsOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start];
  const size = end - start;
  if (size === 1) {
    if (first === S) return 1e9;
    if (first === M) return 6e10;
    return first === H ? 3.6e12 : 0;
  }
  if (bytes[end - 1] !== S) return 0;
  if (size === 2) {
    if (first === M) return 1e6;
    if (first === U) return 1e3;
    return first === N ? 1 : 0;
  }
  // The micro sign and the Greek letter.
  const second = bytes[start + 1];
  const isMicro = (first === 0xc2 && second === 0xb5) || (first === 0xce && second === 0xbc);
  return size === 3 && isMicro ? 1e3 : 0;
}

const LETTERS = "kmgtpe";

/** Bytes of a size. */
export function quickSize(bytes: Uint8Array, start: number, end: number): number {
  if (!scan(bytes, start, end)) return Number.NaN;
  const unit = bytesOf(bytes, unitStart, end);
  const size = Math.trunc((digits / POWERS[places]!) * unit);
  return unit === 0 || size >= 2 ** 64 ? Number.NaN : size;
}

/** Bytes of the unit, 0 when it is none: a letter, an i for powers of 1024, a b; any of them may be missing. */
function bytesOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let power = 0;
  if (at < end) {
    power = LETTERS.indexOf(String.fromCharCode(bytes[at]! | 0x20)) + 1;
    if (power > 0) at++;
  }
  const isBinary = power > 0 && at < end && (bytes[at]! | 0x20) === 0x69;
  if (isBinary) at++;
  if (at < end && (bytes[at]! | 0x20) === 0x62) at++;
  if (at !== end) return 0;
  return (isBinary ? 1024 : 1000) ** power;
}
