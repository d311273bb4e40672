/** Answers recorded from Loki 2.9.1 that need no data (fixtures/http), byte for byte but for `stats`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { answer, testQuery, testServices } from "../../fixtures/http/fakes.ts";
import { parseQuery } from "../logql/syntax/parse.ts";
import { makeApp } from "./app.ts";
import { DEFAULT_HTTP_SETTINGS } from "./services.ts";

interface Recorded {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

const RECORDED: readonly Recorded[] = JSON.parse(
  readFileSync(new URL("../../fixtures/http/answers.json", import.meta.url), "utf8"),
);

test("requests are answered as recorded", async () => {
  const query = testQuery({
    prepare(_, request) {
      parseQuery(request.query);
      return { kind: "limited", run: async () => answer({ kind: "streams", streams: [] }) };
    },
  });
  const app = makeApp(testServices({ query }), { ...DEFAULT_HTTP_SETTINGS, authEnabled: false });
  for (const { path, params, status, type, body } of RECORDED) {
    const response = await app.request(`${path}?${new URLSearchParams(params)}`);
    const text = await response.text();
    const what = `${path} ${JSON.stringify(params)}`;
    assert.equal(response.status, status, what);
    assert.equal(response.headers.get("content-type"), type, what);
    if (typeof body === "string") {
      assert.equal(text, body, what);
    } else {
      const got = JSON.parse(text);
      delete got.data?.stats;
      assert.deepEqual(got, body, what);
    }
  }
});
