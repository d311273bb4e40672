import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FLAGS, KEYS } from "./keys.ts";
import { flagsPage, referencePage } from "./reference.ts";

test("REFERENCE.md is what the tables say; scripts/config-reference.ts writes it anew", () => {
  const written = readFileSync(new URL("REFERENCE.md", import.meta.url), "utf8");
  assert.equal(written, referencePage());
});

test("referencePage() has a row for each key", () => {
  const rows = referencePage().split("\n");
  for (const { path } of KEYS.values()) {
    const name = path.includes(".") ? path.slice(path.indexOf(".") + 1) : path;
    assert.ok(
      rows.some((row) => row.startsWith(`- \`${name}\`: `)),
      path,
    );
  }
});

test("flagsPage() names every flag", () => {
  const page = flagsPage();
  for (const flag of FLAGS.keys()) assert.ok(page.includes(`  -${flag} `), flag);
});
