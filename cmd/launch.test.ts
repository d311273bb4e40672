/** What `npm start` starts: one file where an install made one, the sources where it did not or they have changed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const here = import.meta.dirname;
const SOURCES = "cmd/lokits.ts";
const BUNDLE = "node_modules/.cache/lokits/lokits.js";

test("the sources start where no bundle was made", () => {
  using tree = given([]);
  assert.equal(tree.program(), SOURCES);
});

test("a bundle younger than its sources starts", () => {
  using tree = given([BUNDLE]);
  assert.equal(tree.program(), BUNDLE);
});

test("a changed test makes no bundle stale", () => {
  using tree = given([BUNDLE, "core/deep/part.test.ts"]);
  assert.equal(tree.program(), BUNDLE);
});

for (const changed of ["core/deep/part.ts", "adapters/disk.ts", SOURCES, "package-lock.json"])
  test(`a bundle is stale once ${changed} has changed`, () => {
    using tree = given([BUNDLE, changed]);
    assert.equal(tree.program(), SOURCES);
  });

test("a bundle is stale once a source has gone", () => {
  using tree = given([BUNDLE]);
  rmSync(join(tree.root, "core/deep/part.ts"));
  assert.equal(tree.program(), SOURCES);
});

test("the launcher hands on arguments, output and exit code", () => {
  const launch = join(here, "launch.mjs");
  const said = execFileSync("node", [launch, "--version"], { encoding: "utf8" });
  assert.match(said, /^lokits, version \d/);
  assert.throws(
    () => execFileSync("node", [launch, "nope"], { stdio: "pipe" }),
    (error: { status?: number }) => error.status === 2,
  );
});

/** A tree of sources, then these files written over them, each a moment later than what came before. */
function given(later: readonly string[]) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "lokits-launch-")));
  const write = (name: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), name);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  };
  for (const name of [SOURCES, "core/deep/part.ts", "core/deep/part.test.ts", "adapters/disk.ts"])
    write(name);
  write("package-lock.json");
  mkdirSync(join(root, dirname(BUNDLE)), { recursive: true });
  copyFileSync(join(here, "program.mjs"), join(root, "cmd/program.mjs"));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  for (const name of later) write(name);
  const ask = `import(${JSON.stringify(join(root, "cmd/program.mjs"))}).then((m) => console.log(m.program()))`;
  return {
    root,
    program: () => {
      const said = execFileSync("node", ["-e", ask], { encoding: "utf8" }).trim();
      return said.slice(root.length + 1);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}
