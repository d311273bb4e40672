/** Reads a body whole, into one array of the size that was announced. */
import { NO_ANSWER, S3Failure } from "./s3-failure.ts";

/** An announced size above this is no reason to allocate; what is larger is read in ranges. */
const SIZE_MAX = 2 * 1024 ** 3;

/** With `size` the bytes may be fewer, when the body ended early, and never more. */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  progress: () => void,
): Promise<Uint8Array> {
  if (size === undefined) return readUnsized(chunks, progress);
  if (!(size >= 0 && size <= SIZE_MAX)) throw incomplete(`a body of ${size} bytes was announced`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    progress();
    if (at + chunk.length > size) throw incomplete(`got more than the ${size} bytes announced`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.subarray(0, at);
}

async function readUnsized(chunks: AsyncIterable<Uint8Array>, progress: () => void) {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    progress();
    parts.push(chunk);
    size += chunk.length;
    if (size > SIZE_MAX) throw incomplete(`a body passed ${SIZE_MAX} bytes`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function incomplete(text: string): S3Failure {
  return new S3Failure("IncompleteBody", NO_ANSWER, text);
}
