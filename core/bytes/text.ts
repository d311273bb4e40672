/** Small conversions between bytes and text: UTF-8, hex, base64. */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** Bytes that are no UTF-8 become U+FFFD, as they do in Loki's JSON. */
export function fromUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return DECODER.decode(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
}

/** Bytes of the text in UTF-8. A lone surrogate counts as the replacement it becomes. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if (isPair(text, index)) {
      size += 2;
      index++;
    } else size += 2;
  }
  return size;
}

function isPair(text: string, index: number): boolean {
  if ((text.charCodeAt(index) & 0xfc00) !== 0xd800) return false;
  return (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length >> 1);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** Standard alphabet with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Undefined when the text is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Compares as bytes of UTF-8 do, which is how Loki sorts names: by code point, not by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const size = Math.min(a.length, b.length);
  for (let index = 0; index < size; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) {
      // Surrogates stand for code points above all other units.
      const surrogates = (x & 0xf800) === 0xd800 ? 1 : 0;
      const others = (y & 0xf800) === 0xd800 ? 1 : 0;
      return surrogates !== others ? surrogates - others : x - y;
    }
  }
  return a.length - b.length;
}
