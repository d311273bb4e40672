import assert from "node:assert/strict";
import { test } from "node:test";
import { readOverrides } from "./overrides.ts";

function read(...texts: string[]) {
  return readOverrides(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
}

function refused(text: string, message: string): void {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => read(text), { message: `0.yaml: yaml: unmarshal errors:\n  ${message}` });
  });
}

test("readOverrides() gives each tenant what it has otherwise", () => {
  const { limits } = read(
    "overrides:\n  a: {ingestion_rate_mb: 10, retention_period: 240h}\n  b: {}\n",
  );
  assert.deepEqual(Object.fromEntries(limits.get("a") ?? []), {
    "limits_config.ingestion_rate_mb": 10,
    "limits_config.retention_period": 864_000_000_000_000n,
  });
  assert.equal(limits.get("b")?.size, 0);
});

test("readOverrides() lets a later file win by tenant", () => {
  const { limits } = read(
    "overrides: {a: {max_query_series: 1}}",
    "overrides: {a: {max_query_series: 2}}",
  );
  assert.equal(limits.get("a")?.get("limits_config.max_query_series"), 2);
});

test("readOverrides() puts what several files say of a tenant together", () => {
  const { limits } = read(
    "overrides: {a: {max_query_series: 1, max_line_size: 3}}",
    "overrides: {a: {max_query_series: 2}}",
  );
  assert.deepEqual(Object.fromEntries(limits.get("a") ?? []), {
    "limits_config.max_query_series": 2,
    "limits_config.max_line_size": 3,
  });
});

test("readOverrides() warns of what has no effect", () => {
  const { warnings } = read(
    "configs: {c: {log_push_request: yes}}\nmulti_kv_config: {primary: consul}",
  );
  assert.deepEqual(warnings, [
    "multi_kv_config has no effect: this process is in no ring's store",
    "what to log of pushes (c) has no effect: lokits does not log pushes",
  ]);
});

test("readOverrides() reads what to log of pushes", () => {
  const { switches, defaultSwitches } = read(
    "configs: {a: {log_push_request: yes}}\ndefault: {log_stream_creation: true}",
  );
  assert.deepEqual(switches.get("a"), {
    logStreamCreation: false,
    logPushRequest: true,
    logPushRequestStreams: false,
    limitedLogPushErrors: true,
  });
  assert.equal(defaultSwitches.logStreamCreation, true);
});

test("readOverrides() takes an empty file, and skips a tenant without overrides with a warning", () => {
  assert.equal(read("").limits.size, 0);
  assert.equal(read("overrides:\n").limits.size, 0);
  const { limits, warnings } = read("overrides:\n  a:\n");
  assert.deepEqual(
    [limits.size, warnings],
    [0, ["the overrides of tenant a are empty and skipped"]],
  );
});

test("readOverrides() takes the settings of a store that moves", () => {
  assert.equal(read("multi_kv_config: {primary: consul, mirror_enabled: false}").limits.size, 0);
});

refused(
  "overrides: {a: {max_query_serie: 1}}",
  "line 1: field max_query_serie not found in type limits_config.Config, did you mean `max_query_series`?",
);
refused("override: {}", "line 1: field override not found in type runtime.Config");
refused(
  "overrides:\n  a:\n    deletion_mode: x\n",
  "line 3: invalid override for tenant a: unknown deletion mode: must be one of disabled|filter-only|filter-and-delete",
);
refused("overrides: [a]", "line 1: want a block of keys");
refused("overrides:\n  a: {}\n  a: {}\n", 'line 3: key "a" already set in map');
refused("overrides: {}\noverrides: {}\n", 'line 2: key "overrides" already set in map');
