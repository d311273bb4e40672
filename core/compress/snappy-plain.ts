/**
 * Snappy blocks without WebAssembly: for edge workers, which compile none, and for blocks too large
 * for the kernel's memory. It rests on snappyjs, the well-known portable implementation, which spares
 * us a second encoder and decoder and is what the kernel is tested against. snappyjs trusts its input
 * (an element past the end reads as zeros, an output may fall short), so the elements are checked
 * before it sees them.
 */
import { compress, uncompress } from "snappyjs";
import { Corrupt } from "../model/errors.ts";
import { readBlockSize } from "./snappy-size.ts";

/** A raw block of the bytes. */
export function encodePlain(bytes: Uint8Array): Uint8Array {
  return compress(bytes);
}

/** The bytes of a raw block. Throws Corrupt on damage; the declared size was checked by the caller. */
export function decodePlain(block: Uint8Array): Uint8Array {
  const { size, at } = readBlockSize(block);
  if (size === 0 && at === block.length) return new Uint8Array(0);
  checkElements(block, at, size);
  return uncompress(block);
}

/** Walks the elements: each within the block, each copy from what is there already, together `size` bytes. */
function checkElements(block: Uint8Array, at: number, size: number): void {
  let made = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    const kind = tag & 3;
    const extra = kind === 0 ? Math.max(0, (tag >>> 2) - 59) : EXTRA_BYTES[kind]!;
    if (at + extra > block.length) throw damaged(at, block.length);
    const number = littleEndian(block, at, extra);
    at += extra;
    if (kind === 0) {
      const literal = (extra === 0 ? tag >>> 2 : number) + 1;
      at += literal;
      made += literal;
    } else {
      const offset = kind === 1 ? ((tag >>> 5) << 8) | number : number;
      if (offset === 0 || offset > made) throw damaged(at, block.length);
      made += kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    }
    if (at > block.length || made > size) throw damaged(at, block.length);
  }
  if (made !== size) throw new Corrupt(`snappy block gives ${made} bytes of ${size}`);
}

/** Bytes of the offset, by the kind of a copy. */
const EXTRA_BYTES = [0, 1, 2, 4];

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  return value;
}

function damaged(at: number, size: number): Corrupt {
  return new Corrupt(`snappy element is damaged near ${at} of ${size} bytes`);
}
