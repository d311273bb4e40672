/** SHA-256 of texts, and comparison that takes equally long wherever the difference is. */
import { utf8 } from "../bytes/text.ts";

export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text)));
}

export function equalDigests(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) {
    difference |= left[index]! ^ (right[index] ?? 0);
  }
  return difference === 0;
}
