/**
 * `| decolorize`: takes terminal escapes out of the line (spec logql §11). A hand-written scan of the
 * pattern given there, in time linear in the line.
 */
import type { Row, RowStage } from "./row.ts";
import { decodeText } from "./text.ts";

const ESC = 0x1b;
const BEL = 0x07;
const SEMICOLON = 0x3b;
/** U+009B in UTF-8. */
const CSI_HEAD = 0xc2;
const CSI_TAIL = 0x9b;

const PREFIX = charSet("[]()#;?");
const FINAL = charSet("0123456789ABCDEFGHIJKLMNOPRZcfghijklmntqry=><~");
const PART = 4;

export class DecolorizeStage implements RowStage {
  readonly labelsOnly = false;

  run(row: Row): boolean {
    row.load();
    const { text, start, end } = row;
    let out = "";
    let plain = start;
    for (let at = start; at < end; ) {
      const past = escapeEnd(text, at, end);
      if (past < 0) at++;
      else {
        out += decodeText(text, plain, at);
        at = past;
        plain = past;
      }
    }
    // Fast path: no escape, the line stays as it is.
    if (plain === start) return true;
    row.setLine(out + decodeText(text, plain, end));
    return true;
  }
}

/** Offset past the escape that starts at `at`, -1 when none does. */
function escapeEnd(text: Uint8Array, at: number, end: number): number {
  const byte = text[at];
  if (byte === ESC) return bodyEnd(text, at + 1, end);
  if (byte !== CSI_HEAD || at + 1 >= end || text[at + 1] !== CSI_TAIL) return -1;
  return bodyEnd(text, at + 2, end);
}

/** Trying a shorter prefix cannot help: what would be given back fits neither of the two forms. */
function bodyEnd(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && PREFIX[text[at]!]) at++;
  const title = titleEnd(text, at, end);
  return title >= 0 ? title : commandEnd(text, at, end);
}

/** Letters, digits and semicolons up to a bell. */
function titleEnd(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (isAlphanumeric(text[at]!) || text[at] === SEMICOLON)) at++;
  return at < end && text[at] === BEL ? at + 1 : -1;
}

/**
 * Numbers of up to four digits between semicolons, the first not empty, then one final character. When
 * none follows, the last digit is the final one.
 */
function commandEnd(text: Uint8Array, start: number, end: number): number {
  let at = digitsEnd(text, start, end);
  let lastDigit = at - 1;
  if (at > start) {
    while (at < end && text[at] === SEMICOLON) {
      const past = digitsEnd(text, at + 1, end);
      if (past > at + 1) lastDigit = past - 1;
      at = past;
    }
  }
  if (at < end && FINAL[text[at]!]) return at + 1;
  return lastDigit >= start ? lastDigit + 1 : -1;
}

function digitsEnd(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && at < start + PART && isDigit(text[at]!)) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isAlphanumeric(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a);
}

function charSet(chars: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const char of chars) set[char.charCodeAt(0)] = 1;
  return set;
}
