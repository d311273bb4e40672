/** A server that answers as a test says and keeps what it was asked. */

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** As it came, undecoded. */
  readonly search: string;
  /** Those of a form included. */
  readonly params: URLSearchParams;
  readonly headers: Headers;
}

export async function fakeLoki<T>(
  answer: (asked: Asked) => Response | Promise<Response>,
  run: (addr: readonly string[], asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const all: Asked[] = [];
  const server = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const { pathname: path, search, searchParams } = new URL(request.url);
      const form = request.method === "POST" ? new URLSearchParams(await request.text()) : [];
      const params = new URLSearchParams([...searchParams, ...form]);
      const asked = { method: request.method, path, search, params, headers: request.headers };
      all.push(asked);
      return answer(asked);
    },
  });
  try {
    return await run(["--addr", server.url.href.replace(/\/$/, "")], all);
  } finally {
    await server.stop(true);
  }
}

/** Loki's JSON of lines: streams, each with its entries. */
export function streamsJson(
  ...list: readonly (readonly [Record<string, string>, ...(readonly [bigint, string])[]])[]
): Response {
  const result = list.map(([stream, ...values]) => {
    return { stream, values: values.map(([time, line]) => [String(time), line]) };
  });
  return Response.json({ status: "success", data: { resultType: "streams", result } });
}
