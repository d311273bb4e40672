/** What an identity provider answers, as far as it is small: whoever stands in for one must not fill our memory. */

/** A key takes half a kilobyte. */
const BYTES_MAX = 1 << 20;

/** As fetch, with the body read. Rejects with TypeError, as other failures of a fetch do, when it is longer than a megabyte. */
export async function fetchSmall(url: string, init: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(url, init);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  // Leaving the loop cancels the rest of the body.
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > BYTES_MAX) throw new TypeError(`fetch: ${url} answers more than ${BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  const type = headers.get("content-type");
  return new Response(new Blob(pieces), {
    status,
    headers: type === null ? {} : { "content-type": type },
  });
}
