/** FNV-1 of 32 bits, from the algorithm's public description: Loki's hash of query texts, of streams on the ring, of delete requests. */
export function fnv1(bytes: Uint8Array): number {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash, 16777619) ^ byte;
  return hash >>> 0;
}
