/** The bound of a request's address and headers, as a client meets it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HEAD_BYTES_MAX, listen } from "./serve.ts";

interface Asked {
  readonly query: number;
  readonly header: number;
}

async function ask({ query, header }: Asked): Promise<[number, string]> {
  const server = listen({
    ...{ hostname: "127.0.0.1", port: 0, bodyBytesMax: 1 },
    fetch: ({ url, headers }) =>
      new Response(`${new URL(url).search.length} ${headers.get("x-test")?.length}`),
  });
  const headers = { "X-Test": "h".repeat(header) };
  const response = await fetch(`${server.url}/?${"q".repeat(query - 1)}`, { headers });
  const answer: [number, string] = [response.status, await response.text()];
  await server.stop(0);
  return answer;
}

const given = (name: string, asked: Asked) =>
  test(`listen() takes ${name}`, async () => {
    assert.deepEqual(await ask(asked), [200, `${asked.query} ${asked.header}`]);
  });

const refused = (name: string, asked: Asked) =>
  test(`listen() refuses ${name}, and says what it would take`, async () => {
    const [status, text] = await ask(asked);
    assert.equal(status, 431);
    assert.match(text, new RegExp(`have \\d+ bytes, want at most ${HEAD_BYTES_MAX};`));
  });

given("a query of the length that the querier's bound allows", { query: 131_072, header: 1 });
given("a query past Bun's own bound", { query: 17_000, header: 1 });
given("a long header", { query: 2, header: 900_000 });
refused("an address over the bound", { query: HEAD_BYTES_MAX, header: 1 });
refused("a header over the bound", { query: 2, header: HEAD_BYTES_MAX });
refused("both together", { query: 600_000, header: 600_000 });
