/**
 * Answers of queries as gzip, for clients that take it (`frontend.compress_responses`), and `/metrics`.
 * Short ones are left as they are, and so are lines that stream as they are found: the next one must not wait for a
 * block of the compressor.
 */
import type { Handler, Method, Route } from "./router.ts";

/** Bytes below which an answer fits one packet anyway. */
const BYTES_MIN = 1400;

/** The same route, whose answers of some types are compressed. */
export function gzipped(
  route: Route,
  compressible: readonly string[] = ["application/json"],
): Route {
  const entries = Object.entries(route.methods) as [Method, Handler][];
  const methods = entries.map(([method, handler]): [Method, Handler] => [
    method,
    async (call) => {
      const response = await handler(call);
      const type = response.headers.get("content-type") ?? "";
      if (!compressible.some((each) => type.startsWith(each))) return response;
      response.headers.append("Vary", "Accept-Encoding");
      return takesGzip(call.request) ? await compressed(response) : response;
    },
  ]);
  return { ...route, methods: Object.fromEntries(methods) };
}

/** `gzip, deflate, br`, `gzip;q=0`, `*`. */
export function takesGzip({ headers }: Request): boolean {
  const weights = new Map<string, number>();
  for (const item of (headers.get("accept-encoding") ?? "").split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((each) => each.startsWith("q="))?.slice(2) ?? "1";
    weights.set(name, Number.parseFloat(weight));
  }
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

async function compressed(response: Response): Promise<Response> {
  const { status, headers, body } = response;
  if (body === null) return response;
  const reader = body.getReader();
  const first: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let done = false;
  while (!done && size < BYTES_MIN) {
    const next = await reader.read();
    done = next.done;
    if (next.value !== undefined) {
      first.push(next.value as Uint8Array<ArrayBuffer>);
      size += next.value.length;
    }
  }
  if (size < BYTES_MIN) return new Response(new Blob(first), { status, headers });
  headers.set("Content-Encoding", "gzip");
  headers.delete("Content-Length");
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const piece = first.shift() ?? (await reader.read()).value;
      if (piece === undefined) controller.close();
      else controller.enqueue(piece as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(rest.pipeThrough(new CompressionStream("gzip")), { status, headers });
}
