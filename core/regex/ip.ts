/** The ip() filter (spec logql 7.3): finds addresses in text and asks whether they are in a set. */
import { quote } from "../golang/quote.ts";
import { BadRequest } from "../model/errors.ts";
import { type Address, compareAddresses, hexValue, isDigit, readAddress } from "./ip-address.ts";

export interface IpMatcher {
  /** Whether text[start, end) holds an address of the set. */
  testBytes(text: Uint8Array, start: number, end: number): boolean;
  test(text: string): boolean;
}

/** Both ends belong to it. They are of one version. */
interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

const ENCODER = new TextEncoder();
const [DOT, COLON] = [0x2e, 0x3a];

/** A set is an address, a prefix `10.0.0.0/8`, or a range `10.0.0.1-10.0.0.9`. Throws BadRequest otherwise. */
export function compileIp(pattern: string): IpMatcher {
  const range = readPattern(pattern);
  if (range === undefined) throw new BadRequest(`ip: invalid pattern: ${quote(pattern)}`);
  const testBytes = (text: Uint8Array, start: number, end: number) =>
    findsAddress(text, start, end, range);
  return {
    testBytes,
    test: (text) => {
      const bytes = ENCODER.encode(text);
      return testBytes(bytes, 0, bytes.length);
    },
  };
}

function readPattern(pattern: string): AddressRange | undefined {
  const single = addressOf(pattern);
  if (single !== undefined) return { first: single, last: single };
  const slash = pattern.lastIndexOf("/");
  if (slash >= 0) return prefixRange(addressOf(pattern.slice(0, slash)), pattern.slice(slash + 1));
  const dash = pattern.indexOf("-");
  const first = addressOf(pattern.slice(0, dash));
  const last = addressOf(pattern.slice(dash + 1));
  if (dash < 0 || first === undefined || first.version !== last?.version) return undefined;
  return compareAddresses(first, last) <= 0 ? { first, last } : undefined;
}

function addressOf(text: string): Address | undefined {
  const bytes = ENCODER.encode(text);
  return readAddress(bytes, 0, bytes.length);
}

function prefixRange(address: Address | undefined, digits: string): AddressRange | undefined {
  if (address === undefined || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const { version, words } = address;
  const size = Number(digits) + (version === 4 ? 96 : 0);
  if (size > 128) return undefined;
  /** The bits of a word that the prefix leaves open. */
  const open = (index: number) => 2 ** Math.min(32, Math.max(0, 32 * (index + 1) - size)) - 1;
  const low = (index: number) => words[index]! - (words[index]! % (open(index) + 1));
  const high = (index: number) => low(index) + open(index);
  // The words before an address of version 4 are zero and stay so.
  const kept = (word: (index: number) => number, index: number) =>
    version === 4 && index < 3 ? 0 : word(index);
  return {
    first: { version, words: [kept(low, 0), kept(low, 1), kept(low, 2), low(3)] },
    last: { version, words: [kept(high, 0), kept(high, 1), kept(high, 2), high(3)] },
  };
}

/**
 * Looks at each byte where an address may begin and takes the longest run that could be one. A run that
 * is no address of the set is skipped, with the byte after it: so `192.168.0.5.` is no address.
 */
function findsAddress(text: Uint8Array, start: number, end: number, set: AddressRange): boolean {
  for (let at = start; at < end; at++) {
    if (MAY_START[text[at]!] === 0) continue;
    const isRun4 = startsVersion4(text, at, end);
    if (!isRun4 && !startsVersion6(text, at, end)) continue;
    let stop = at;
    while (stop < end && (isRun4 ? isRunByte4(text[stop]!) : isRunByte6(text[stop]!))) stop += 1;
    const address = readAddress(text, at, stop);
    if (address !== undefined && isIn(address, set)) return true;
    at = stop;
  }
  return false;
}

/** 1 for hex digits and the colon: nothing else begins an address. */
const MAY_START = Uint8Array.from({ length: 256 }, (_, byte) =>
  hexValue(byte) >= 0 || byte === COLON ? 1 : 0,
);

function isIn(address: Address, { first, last }: AddressRange): boolean {
  if (address.version !== first.version) return false;
  return compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0;
}

function startsVersion4(text: Uint8Array, at: number, end: number): boolean {
  if (end - at < 4 || !isDigit(text[at]!)) return false;
  return text[at + 1] === DOT || text[at + 2] === DOT || text[at + 3] === DOT;
}

/** `::h`, or up to four hex digits and a colon. */
function startsVersion6(text: Uint8Array, at: number, end: number): boolean {
  if (end - at < 5) return false;
  if (text[at] === COLON) return text[at + 1] === COLON && hexValue(text[at + 2]!) >= 0;
  for (let next = at; next < at + 5; next++) {
    if (text[next] === COLON) return true;
    if (hexValue(text[next]!) < 0) return false;
  }
  return false;
}

function isRunByte4(byte: number): boolean {
  return isDigit(byte) || byte === DOT;
}

function isRunByte6(byte: number): boolean {
  return hexValue(byte) >= 0 || byte === COLON || byte === DOT;
}
