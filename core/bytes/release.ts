/**
 * Gives the memory of a large buffer back at once. Whoever goes through many large files leaves garbage
 * that a collector lets lie until there is as much of it as there is in use, which doubles the memory.
 */
const SIZE_MIN = 64 * 1024;
/** More than that around the bytes may be somebody else's. */
const SPARE_MAX = 4096;

/** The bytes are nobody's afterwards: only whoever owns them and has no view of them left may call this. */
export function release(bytes: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = bytes;
  const isAlone = byteOffset === 0 && buffer.byteLength - byteLength <= SPARE_MAX;
  // Small buffers are often pieces of one that a runtime shares among them.
  if (byteLength < SIZE_MIN || !isAlone || !(buffer instanceof ArrayBuffer)) return;
  // Newer than the library that types are checked against; where a runtime is older, the collector does it.
  (buffer as Transferable).transfer?.(0);
}

type Transferable = ArrayBuffer & { transfer?(size: number): ArrayBuffer };
