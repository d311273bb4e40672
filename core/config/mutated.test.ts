/** Files that are almost right: whatever is changed in one, it loads or is refused as a mistake of the user's. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";
import { readOverrides } from "./overrides.ts";

const SEED = readFileSync(
  new URL("../../fixtures/config/seed-rendered.yaml", import.meta.url),
  "utf8",
);

/** What stands in files by mistake: pieces of YAML, of other types, of other encodings. */
const PIECES = [
  ...[
    "",
    " ",
    "\n",
    "\t",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "<<: ",
    "|",
    ">",
    "#",
    "---\n",
  ],
  ...[
    '"',
    "'",
    "~",
    "!!binary ",
    "%YAML",
    `$${"{X}"}`,
    "\u0000",
    "\ufeff",
    "\ud800",
    "é",
    "1e999",
    "0x",
  ],
  ...[
    "-1",
    ".inf",
    ".nan",
    "9".repeat(400),
    "2023-99-99",
    "1h1h",
    "1y2w",
    "yes",
    "__proto__",
    "constructor",
  ],
];

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
  piece: fc.constantFrom(...PIECES),
});

function changed(text: string, changes: readonly { at: number; size: number; piece: string }[]) {
  for (const { at, size, piece } of changes) {
    const start = Math.floor(at * text.length);
    text = text.slice(0, start) + piece + text.slice(start + size);
  }
  return text;
}

test("a changed configuration loads or is refused, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const readFile = async () => changed(SEED, changes);
      const args = ["-config.file=x.yaml"];
      const loaded = await loadConfig({ args, readFile, env: {} }).catch((error) => {
        assert.ok(error instanceof ConfigError, error);
      });
      // What was taken prints, and the printed text is taken again.
      const text = loaded?.text("all");
      assert.ok(text === undefined || text.length > 0);
    }),
    { seed: 20261123, numRuns: 150 },
  );
});

const OVERRIDES =
  "overrides:\n  a: {ingestion_rate_mb: 10, retention_stream: [{selector: '{a=\"b\"}', period: 24h}]}\n  b:\nconfigs: {a: {log_push_request: yes}}\ndefault: {}\n";

test("changed overrides are taken or refused, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      try {
        readOverrides([{ name: "o.yaml", text: changed(OVERRIDES, changes) }]);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { seed: 20261123, numRuns: 500 },
  );
});
