/** What Loki 3 adds to a push: `service_name` and `detected_level` (spec logql §15). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { givenRows, pushStream } from "../../fixtures/push/rows.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { detectLevel, withLevels } from "./detect-level.ts";
import { withServiceName } from "./service-name.ts";

const FIELDS = ["level", "LEVEL", "severity", "lvl"];
const NAMES = { logLevelFields: FIELDS, logLevelFromJsonMaxDepth: 2 };

test("withServiceName() takes the first label of the list that is there", () => {
  const given = (labels: Record<string, string>, want: string | undefined) => {
    const set = { labels: labelsOf(labels), text: printLabels(labelsOf(labels)) };
    const found = withServiceName(set, ["app", "container"]);
    assert.equal(Object.fromEntries(found.labels)["service_name"], want);
    assert.equal(found.text, printLabels(found.labels));
  };
  given({ container: "c", app: "a" }, "a");
  given({ container: "c" }, "c");
  given({ pod: "p" }, "unknown_service");
  given({ app: "a", service_name: "own" }, "own");
  given({}, undefined);
});

test("detectLevel() looks into fields first, then for words", () => {
  const given = (line: string, want: string) => assert.equal(detectLevel(line, NAMES), want, line);
  given('{"level":"WARNING","msg":"error"}', "warn");
  given('{"a":{"severity":"fatal"}}', "fatal");
  given('{"level":3,"msg":"an error"}', "error");
  given("{not json error}", "error");
  given('ts=1 lvl=dbg msg="an error"', "debug");
  given('msg="x level=info" level="err"', "error");
  given("level=unheard-of but fatal", "fatal");
  given("[ERROR] down", "error");
  given("terror and errors", "unknown");
  given("a warning: info", "warn");
  given("", "unknown");
  given("x".repeat(100_000), "unknown");
});

test("withLevels() prefers metadata of the name, then labels, then metadata, then the line", () => {
  const given = (
    labels: Record<string, string>,
    metadata: Record<string, string>,
    want: object,
  ) => {
    const stream = pushStream(labels, [[1n, "error", metadata]]);
    const rows = withLevels(stream.rows, stream.labels, NAMES);
    assert.deepEqual(givenRows({ ...stream, rows }), [[1n, "error", want]]);
  };
  given({ a: "b" }, {}, { detected_level: "error" });
  given({ a: "b" }, { k: "v" }, { k: "v", detected_level: "error" });
  given({ level: "Warning" }, { lvl: "dbg" }, { lvl: "dbg", detected_level: "warn" });
  given({ a: "b" }, { lvl: "dbg" }, { lvl: "dbg", detected_level: "debug" });
  given({ level: "info" }, { detected_level: "ERR" }, { detected_level: "error" });
  given({ level: "Notice" }, {}, { detected_level: "Notice" });
});
