/** The size of an answer's body, told once all of it is on its way. */
import { utf8 } from "../bytes/text.ts";

/** A text whose length stands in the answer's head, so that nobody has to look at it again. */
export function sizedResponse(
  text: string,
  { status = 200, headers }: { status?: number; headers: Readonly<Record<string, string>> },
): Response {
  const bytes = utf8(text);
  return new Response(bytes, {
    status,
    headers: { ...headers, "Content-Length": String(bytes.length) },
  });
}

export function measured(response: Response, tell: (bytes: number) => void): Response {
  const { headers, body } = response;
  const known = headers.get("content-length");
  if (known !== null) {
    tell(Number(known));
    return response;
  }
  if (body === null) {
    tell(0);
    return response;
  }
  let size = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      size += piece.length;
      controller.enqueue(piece);
    },
    flush: () => tell(size),
  });
  const { status, statusText } = response;
  return new Response(body.pipeThrough(counter), { status, statusText, headers });
}
