/**
 * MD5 (RFC 1321). Nothing is kept secret by it: S3 names what it stores by MD5, and WebCrypto, all that
 * some runtimes have, leaves it out.
 */

/** floor(2^32 |sin(i + 1)|), the constants of the RFC. */
const SINES = Int32Array.from({ length: 64 }, (_, index) =>
  Math.floor(2 ** 32 * Math.abs(Math.sin(index + 1))),
);
const BLOCK_SIZE = 64;

export function md5(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Int32Array(16);
  const whole = bytes.length - (bytes.length % BLOCK_SIZE);
  for (let at = 0; at < whole; at += BLOCK_SIZE) addBlock(state, words, bytes, at);

  // The rest, one bit, zeros, and the size in bits: one block or two.
  const rest = bytes.length - whole;
  const tail = new Uint8Array(rest + 9 > BLOCK_SIZE ? 2 * BLOCK_SIZE : BLOCK_SIZE);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, (bytes.length * 8) >>> 0, true);
  view.setUint32(tail.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  for (let at = 0; at < tail.length; at += BLOCK_SIZE) addBlock(state, words, tail, at);

  const digest = new Uint8Array(16);
  const out = new DataView(digest.buffer);
  state.forEach((word, index) => {
    out.setInt32(4 * index, word, true);
  });
  return digest;
}

/** Sixteen steps a round, in fours: each step renews one of the four words of the state. */
function addBlock(state: Int32Array, words: Int32Array, bytes: Uint8Array, start: number): void {
  for (let index = 0, at = start; index < 16; index++, at += 4) {
    words[index] =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  for (let i = 0; i < 16; i += 4) {
    a = (turn(a + (d ^ (b & (c ^ d))) + SINES[i]! + words[i]!, 7) + b) | 0;
    d = (turn(d + (c ^ (a & (b ^ c))) + SINES[i + 1]! + words[i + 1]!, 12) + a) | 0;
    c = (turn(c + (b ^ (d & (a ^ b))) + SINES[i + 2]! + words[i + 2]!, 17) + d) | 0;
    b = (turn(b + (a ^ (c & (d ^ a))) + SINES[i + 3]! + words[i + 3]!, 22) + c) | 0;
  }
  for (let i = 16; i < 32; i += 4) {
    a = (turn(a + (c ^ (d & (b ^ c))) + SINES[i]! + words[(5 * i + 1) & 15]!, 5) + b) | 0;
    d = (turn(d + (b ^ (c & (a ^ b))) + SINES[i + 1]! + words[(5 * i + 6) & 15]!, 9) + a) | 0;
    c = (turn(c + (a ^ (b & (d ^ a))) + SINES[i + 2]! + words[(5 * i + 11) & 15]!, 14) + d) | 0;
    b = (turn(b + (d ^ (a & (c ^ d))) + SINES[i + 3]! + words[(5 * i) & 15]!, 20) + c) | 0;
  }
  for (let i = 32; i < 48; i += 4) {
    a = (turn(a + (b ^ c ^ d) + SINES[i]! + words[(3 * i + 5) & 15]!, 4) + b) | 0;
    d = (turn(d + (a ^ b ^ c) + SINES[i + 1]! + words[(3 * i + 8) & 15]!, 11) + a) | 0;
    c = (turn(c + (d ^ a ^ b) + SINES[i + 2]! + words[(3 * i + 11) & 15]!, 16) + d) | 0;
    b = (turn(b + (c ^ d ^ a) + SINES[i + 3]! + words[(3 * i + 14) & 15]!, 23) + c) | 0;
  }
  for (let i = 48; i < 64; i += 4) {
    a = (turn(a + (c ^ (b | ~d)) + SINES[i]! + words[(7 * i) & 15]!, 6) + b) | 0;
    d = (turn(d + (b ^ (a | ~c)) + SINES[i + 1]! + words[(7 * i + 7) & 15]!, 10) + a) | 0;
    c = (turn(c + (a ^ (d | ~b)) + SINES[i + 2]! + words[(7 * i + 14) & 15]!, 15) + d) | 0;
    b = (turn(b + (d ^ (c | ~a)) + SINES[i + 3]! + words[(7 * i + 5) & 15]!, 21) + c) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
}

function turn(sum: number, bits: number): number {
  return (sum << bits) | (sum >>> (32 - bits));
}
