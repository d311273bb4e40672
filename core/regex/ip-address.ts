/** Internet addresses in text, read strictly: no leading zeros, `::` for at least one group. */

/**
 * An address as four 32-bit words. One of version 4 has its bits in the last word; it is never equal to
 * one of version 6, not even to ::ffff:1.2.3.4.
 */
export interface Address {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
}

const [DOT, COLON, ZERO] = [0x2e, 0x3a, 0x30];
const GROUPS = 8;

/** The address that text[start, end) spells, undefined when it is none. */
export function readAddress(text: Uint8Array, start: number, end: number): Address | undefined {
  for (let at = start; at < end && text[at] !== DOT; at++) {
    if (text[at] === COLON) return readVersion6(text, start, end);
  }
  const bits = readVersion4(text, start, end);
  return bits === undefined ? undefined : { version: 4, words: [0, 0, 0, bits] };
}

/** Negative, zero or positive as numbers compare. */
export function compareAddresses(a: Address, b: Address): number {
  for (let index = 0; index < 4; index++) {
    const difference = a.words[index]! - b.words[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The bits of an address of version 4. */
function readVersion4(text: Uint8Array, start: number, end: number): number | undefined {
  let bits = 0;
  let parts = 0;
  for (let at = start; at <= end; ) {
    const first = at;
    let part = 0;
    while (at < end && isDigit(text[at]!)) part = part * 10 + text[at++]! - ZERO;
    const size = at - first;
    if (size === 0 || size > 3 || part > 255 || (size > 1 && text[first] === ZERO))
      return undefined;
    bits = bits * 256 + part;
    parts += 1;
    if (at < end && text[at] !== DOT) return undefined;
    at += 1;
  }
  return parts === 4 ? bits : undefined;
}

function readVersion6(text: Uint8Array, start: number, end: number): Address | undefined {
  const groups: number[] = [];
  /** How many groups stand before `::`. */
  let gap = -1;
  let at = start;
  if (text[at] === COLON) {
    if (text[at + 1] !== COLON || end - start < 2) return undefined;
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (groups.length >= GROUPS) return undefined;
    const first = at;
    let group = 0;
    while (at < end && hexValue(text[at]!) >= 0) group = group * 16 + hexValue(text[at++]!);
    if (at < end && text[at] === DOT) {
      const bits = readVersion4(text, first, end);
      const fits = gap < 0 ? groups.length === GROUPS - 2 : groups.length <= GROUPS - 2;
      if (bits === undefined || !fits) return undefined;
      groups.push(Math.floor(bits / 65536), bits % 65536);
      break;
    }
    if (at === first || at - first > 4) return undefined;
    groups.push(group);
    if (at === end) break;
    if (text[at] !== COLON || at + 1 === end) return undefined;
    at += 1;
    if (text[at] === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at += 1;
    }
  }
  return fromGroups(groups, gap);
}

function fromGroups(groups: readonly number[], gap: number): Address | undefined {
  if (gap < 0 ? groups.length !== GROUPS : groups.length >= GROUPS) return undefined;
  const zeros = new Array<number>(GROUPS - groups.length).fill(0);
  const all = gap < 0 ? groups : [...groups.slice(0, gap), ...zeros, ...groups.slice(gap)];
  const word = (index: number) => all[2 * index]! * 65536 + all[2 * index + 1]!;
  return { version: 6, words: [word(0), word(1), word(2), word(3)] };
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** -1 when the byte is no hex digit. */
export function hexValue(byte: number): number {
  if (isDigit(byte)) return byte - ZERO;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
