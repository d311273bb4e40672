/** logcli's `--store-config` and `--remote-schema`: a question to the bucket of a configuration, whatever LOKI_ADDR says. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits } from "./testing/process.ts";
import { withSchema } from "./wire/remote-schema.ts";

const period = (prefix: string) => `configs:
  - from: 2020-01-01
    store: tsdb
    object_store: filesystem
    schema: v13
    index: {prefix: ${prefix}, period: 24h}
`;

test("--store-config is not overruled by LOKI_ADDR; --remote-schema has the schema that lies in the bucket", async () => {
  await inFolder(async (cwd) => {
    const storage = `storage_config: {filesystem: {directory: ${join(cwd, "bucket")}}}\n`;
    const config = async (name: string, schema: string) =>
      await writeFile(join(cwd, name), withSchema(storage, schema));
    await config("right.yaml", period("right_"));
    await config("stale.yaml", period("stale_"));
    await mkdir(join(cwd, "bucket"));
    const run = async (...line: string[]) => await lokits(line, { cwd, stdin: "one\n" });
    const store = ["--store", `file://${join(cwd, "bucket")}`, "--config.file", "right.yaml"];
    const sent = await run("ingest", "--label", "app=a", ...store);
    assert.equal(sent.code, 0, sent.stderr);

    const { LOKI_ADDR: outer } = process.env;
    process.env["LOKI_ADDR"] = "http://127.0.0.1:1";
    try {
      const lines = ["query", '{app="a"}', "-q", "-o", "raw"];
      const right = await run(...lines, "--store-config", "right.yaml");
      assert.equal(right.stdout, "one\n", right.stderr);
      assert.equal((await run("labels", "app", "--store-config=right.yaml")).stdout, "a\n");
      const stale = ["--store-config", "stale.yaml", "--remote-schema"];
      const none = await run(...lines, ...stale);
      assert.deepEqual([none.code, none.stdout], [2, ""]);
      assert.match(none.stderr, /neither fake-schemaconfig.yaml nor schemaconfig.yaml is in /);
      await writeFile(join(cwd, "bucket/schemaconfig.yaml"), period("right_"));
      assert.equal((await run(...lines, ...stale)).stdout, "one\n");
      assert.equal((await run("labels", "app", ...stale)).stdout, "a\n");
      // That of the tenant goes before that of all.
      await writeFile(join(cwd, "bucket/fake-schemaconfig.yaml"), "configs: 3\n");
      const wrong = await run(...lines, ...stale);
      assert.deepEqual([wrong.code, /configs/.test(wrong.stderr)], [1, true], wrong.stderr);
      assert.equal((await run(...lines, ...stale, "--org-id", "../x")).code, 1);
    } finally {
      if (outer === undefined) delete process.env["LOKI_ADDR"];
      else process.env["LOKI_ADDR"] = outer;
    }
  });
});

test("withSchema() replaces a block wherever it stands", () => {
  const f = (config: string, schema: string, expected: string) =>
    assert.equal(withSchema(config, schema), expected);
  f(
    "a: 1\nschema_config:\n  configs:\n  # x\n\n  - b\nc: 2\n",
    "configs: []",
    "a: 1\nc: 2\nschema_config:\n  configs: []\n",
  );
  f(
    "schema_config:\n  configs: [a]",
    "schema_config:\n  configs: []\n",
    "\nschema_config:\n  configs: []\n\n",
  );
  f(
    "a: {schema_config: 1}",
    "configs: []",
    "a: {schema_config: 1}\nschema_config:\n  configs: []\n",
  );
});
