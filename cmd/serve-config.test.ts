/** What `lokits serve` says about its command line and configuration: Loki's words and exit codes (spec config §1). */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits } from "./testing/process.ts";

const HELP = "Run with -help to get list of available parameters\n";
const HINT =
  ". Use `-config.expand-env=true` flag if you want to expand environment variables in your config file\n";
const VALID = `schema_config:
  configs:
    - {from: 2023-01-01, store: tsdb, object_store: filesystem, schema: v12, index: {prefix: loki_index_, period: 24h}}
storage_config: {filesystem: {directory: ./data}}
limits_config: {query_timeout: 2m}
`;

/** A line of `lokits serve`, with a file when there is a text for it, and what comes of it. */
function given(
  line: string,
  text: string | undefined,
  wanted: { code: number; stderr?: string | RegExp; stdout?: RegExp },
): void {
  test(`serve ${line}${text === undefined ? "" : " with a file"} leaves with ${wanted.code}`, async () => {
    await inFolder(async (cwd) => {
      if (text !== undefined) writeFileSync(join(cwd, "c.yaml"), text);
      const args = line.split(" ").filter((arg) => arg !== "");
      const file = text === undefined ? [] : ["-config.file=c.yaml"];
      const { code, stdout, stderr } = await lokits(["serve", ...file, ...args], { cwd });
      assert.equal(code, wanted.code, stderr);
      if (typeof wanted.stderr === "string") assert.equal(stderr, wanted.stderr);
      if (wanted.stderr instanceof RegExp) assert.match(stderr, wanted.stderr);
      if (wanted.stdout !== undefined) assert.match(stdout, wanted.stdout);
    });
  });
}

given("-foo.bar", undefined, {
  code: 2,
  stderr: `flag provided but not defined: -foo.bar\n${HELP}`,
});
given("-server.http-listen-port=abc", undefined, {
  code: 2,
  stderr: `invalid value "abc" for flag -server.http-listen-port: parse error\n${HELP}`,
});
given("-config.file=no.yaml,none.yaml", undefined, {
  code: 1,
  stderr:
    "failed parsing config: no.yaml,none.yaml does not exist, set config.file for custom config path\n",
});
given("-target=foo", undefined, {
  code: 1,
  stderr: /error running loki: unrecognised module name: foo/,
});
given("-help", undefined, { code: 2, stdout: /\n {2}-server\.http-listen-port /, stderr: "" });
given("-version -foo.bar", undefined, {
  code: 0,
  stdout:
    /^lokits, version \S+ \(branch: .*, revision: .*\)\n {2}build user: .*\n {2}build date: .*\n {2}go version: .*\n {2}platform: .*\n {2}tags: /,
});
given("-list-targets", undefined, { code: 0, stdout: /^all\n {2}distributor\n {2}ingester\n/ });

given("-verify-config", VALID, { code: 0, stderr: /^level=info ts=\S+ msg="config is valid"\n$/ });
given("-verify-config -log.format=json", VALID, {
  code: 0,
  stderr: /^\{"level":"info","ts":"[^"]+","msg":"config is valid"\}\n$/,
});
given("", "ingester: {foo: 1}\n", {
  code: 1,
  stderr: `failed parsing config: c.yaml: yaml: unmarshal errors:\n  line 1: field foo not found in type ingester.Config${HINT}`,
});
given("", `${VALID}ingester: {index_shards: 33}\n`, {
  code: 1,
  stderr:
    /^level=error ts=\S+ msg="validating config" err="Incompatible inverted index shard factor on ingester: It must be a power of two, got 33"\n$/,
});
given("-config.expand-env", "target: ${A\n", {
  code: 1,
  stderr: "failed parsing config: missing closing brace\n",
});
given("-verify-config", "ingester: {foo: 1}\nserver: {log_lvl: x}\n", {
  code: 1,
  stderr:
    /^c\.yaml has \d problems:\n {2}c\.yaml:1:12: field foo .*\n {2}c\.yaml:2:10: field log_lvl not found in type server\.Config, did you mean `log_level`\?\n/,
});
given("-verify-config -print-config-stderr", VALID, {
  code: 0,
  stderr:
    /^---\n# Loki Config\n# \(version=\S+, branch=\S+, revision=\S+\)\ntarget: all\n[\s\S]*msg="config is valid"\n$/,
});
given("-verify-config -log-config-reverse-order", VALID, {
  code: 0,
  stderr:
    /^level=info ts=\S+ msg=" [\s\S]*msg="target: all"\nlevel=info ts=\S+ msg="config is valid"\n$/,
});
given(
  "-verify-config",
  VALID.replace("2m", "2m, retention_stream: [{selector: '{a', period: 24h}]"),
  {
    code: 1,
    stderr:
      "c.yaml has a problem:\n  c.yaml:5:36: invalid limits config: invalid labels matchers: parse error at line 1, col 3: syntax error: unexpected $end, expecting = or =~ or !~ or !=\n",
  },
);
given("-verify-config -target=querier,foo", VALID, {
  code: 0,
  stderr:
    /level=warn ts=\S+ msg="a start would fail: error running loki: unrecognised module name: foo"\nlevel=info ts=\S+ msg="config is valid"\n$/,
});
given("-verify-config", VALID.replace("object_store: filesystem", "object_store: gcs"), {
  code: 0,
  stderr: /msg="a start would fail: not implemented: gcs store"\nlevel=info/,
});
