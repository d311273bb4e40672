/** What is written is read to the same by the package that reads YAML, in both of its versions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { writeYaml } from "./write-yaml.ts";

test("writeYaml() writes blocks and lists on lines of their own", () => {
  const given = {
    a: "x",
    b: { c: [1, "2", true], d: [], e: {} },
    f: [{ g: 1, h: { i: "y: z" } }, [1]],
  };
  assert.equal(
    writeYaml(given),
    `a: x
b:
  c:
    - 1
    - "2"
    - true
  d: []
  e: {}
f:
  - g: 1
    h:
      i: "y: z"
  - - 1
`,
  );
});

const TEXT = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom(..."-?:,[]{}#&*!|>'\"%@`~=<. \n\t\\0179ynTZ") }),
  fc.constantFrom(
    "yes",
    "No",
    "1_000",
    "12:30",
    "2023-01-01",
    "0x1f",
    ".5",
    "1e3",
    "=",
    "<<",
    "~",
    "---",
    "\u0085",
  ),
);
const TREE = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, TEXT, fc.integer(), fc.boolean(), tie("list"), tie("block")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  block: fc.dictionary(
    TEXT.filter((key) => key !== "__proto__" && key !== "<<"),
    tie("value"),
    { maxKeys: 4, noNullPrototype: true },
  ),
}));

test("writeYaml() survives reading, whatever the texts", () => {
  fc.assert(
    fc.property(TREE.block, (tree) => {
      const text = writeYaml(tree as Record<string, unknown>);
      for (const version of ["1.1", "1.2"] as const) {
        assert.deepEqual(parse(text, { version }), { ...(tree as object) }, text);
      }
    }),
    { seed: 7, numRuns: 800 },
  );
});
