/** What an identity provider answers, as far as it is small: whoever stands in for one must not fill our memory. */
import { Unavailable } from "../../core/model/errors.ts";

/** A key takes half a kilobyte. */
const BYTES_MAX = 1 << 20;

/**
 * As fetch, with the body read. Rejects with Unavailable, which no mistake in a token is, when there is no
 * answer or one longer than a megabyte, and with fetch's own TimeoutError.
 */
export async function fetchSmall(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetchWhole(url, init);
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") throw error;
    throw new Unavailable(`${url} does not answer: ${String(error)}`, { cause: error });
  }
}

async function fetchWhole(url: string, init: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(url, init);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  // Leaving the loop cancels the rest of the body.
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  const type = headers.get("content-type");
  return new Response(new Blob(pieces), {
    status,
    headers: type === null ? {} : { "content-type": type },
  });
}
