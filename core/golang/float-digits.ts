/** The decimal digits of doubles: the shortest that read back, and exact roundings with ties to even. */

/** value is sign d.ddd × 10^exponent. */
export interface Digits {
  readonly sign: "" | "-";
  readonly digits: string;
  readonly exponent: number;
}

/** The fewest digits that read back as the same double, as Go and JavaScript both choose them. */
export function shortestDigits(value: number): Digits {
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toExponential().split("e");
  return { sign: signOf(value), digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

/** Rounded to `count` significant digits. */
export function roundToDigits(value: number, count: number): Digits {
  const sign = signOf(value);
  if (value === 0) return { sign, digits: "0".repeat(count), exponent: 0 };
  let exponent = shortestDigits(value).exponent;
  let digits = scaled(value, count - 1 - exponent).toString();
  if (digits.length > count) {
    // 9.99 rounded up to 10.0: one digit more than asked for.
    exponent += 1;
    digits = digits.slice(0, count);
  }
  return { sign, digits, exponent };
}

/** Rounded to `places` digits after the point, without exponent: -1.50. */
export function roundToPlaces(value: number, places: number): string {
  const digits = scaled(value, places)
    .toString()
    .padStart(places + 1, "0");
  if (places === 0) return signOf(value) + digits;
  return `${signOf(value)}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function signOf(value: number): "" | "-" {
  return value < 0 || Object.is(value, -0) ? "-" : "";
}

/** |value| × 10^power, rounded to a whole number: exactly, which toFixed is not at ties. */
function scaled(value: number, power: number): bigint {
  const { mantissa, exponent } = parts(Math.abs(value));
  let above = mantissa;
  let below = 1n;
  if (power >= 0) above *= 10n ** BigInt(power);
  else below = 10n ** BigInt(-power);
  if (exponent >= 0) above <<= BigInt(exponent);
  else below <<= BigInt(-exponent);
  const quotient = above / below;
  const rest = 2n * (above % below);
  const roundsUp = rest > below || (rest === below && quotient % 2n === 1n);
  return roundsUp ? quotient + 1n : quotient;
}

/** A double as mantissa × 2^exponent. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw = Number(bits >> 52n) & 0x7ff;
  const fraction = bits & (2n ** 52n - 1n);
  return raw === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (2n ** 52n), exponent: raw - 1075 };
}
