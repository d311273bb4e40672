/** Standard base64 with padding, refused at the same byte as Go refuses it. */
import { fromBytes, toBytes } from "./byte-text.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(text: string): string {
  let binary = "";
  for (const byte of toBytes(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The decoded text; for what is no base64 the message of the error, which Loki gives as the value. */
export function decodeBase64(text: string): string {
  const bytes = toBytes(text);
  const bad = findBad(bytes);
  if (bad >= 0) return `illegal base64 data at input byte ${bad}`;
  const binary = atob(latin1(bytes).replace(/[\r\n]/g, ""));
  return fromBytes(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Offset of the byte that Go complains of, -1 when all is well. Line breaks do not count. */
function findBad(bytes: Uint8Array): number {
  let place = 0;
  for (let at = 0; at < bytes.length; at++) {
    const char = String.fromCharCode(bytes[at]!);
    if (char === "\n" || char === "\r") continue;
    if (char === "=") return findBadPadding(bytes, at, place);
    if (!ALPHABET.includes(char)) return at;
    place = (place + 1) % 4;
  }
  // The last group is short: Go points to where it began.
  return place === 0 ? -1 : bytes.length - place;
}

/** The first = is at an offset and at a place of its group of four. */
function findBadPadding(bytes: Uint8Array, at: number, place: number): number {
  if (place < 2) return at;
  let next = skipBreaks(bytes, at + 1);
  if (place === 2) {
    if (next === bytes.length) return bytes.length;
    if (bytes[next] !== 0x3d) return next - 1;
    next = skipBreaks(bytes, next + 1);
  }
  return next < bytes.length ? next : -1;
}

function skipBreaks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x0a || bytes[at] === 0x0d) at += 1;
  return at;
}
