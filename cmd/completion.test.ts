/** The scripts of `completion`, asked in the shells themselves, and the page of `man`, set by groff. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits } from "./testing/process.ts";
import { without } from "./testing/program.ts";

test("bash completes commands, tools, options and their values", async () => {
  const { stdout: script } = await lokits(["completion", "bash"]);
  const f = (words: string[], expected: string[]) => {
    const list = words.map((word) => `'${word}'`).join(" ");
    const ask = `COMP_WORDS=(lokits ${list}); COMP_CWORD=${words.length}; _lokits; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-uc", `${script}\n${ask}`], {
      encoding: "utf8",
    });
    assert.deepEqual([stdout.trim().split(/\s+/).filter(Boolean), stderr], [expected, ""], list);
  };
  f(["volume"], ["volume", "volume_range"]);
  f(["--addr", "http://x", "det"], ["detected-fields"]);
  f(["-q", "lab"], ["labels"]);
  f(["--org"], ["--org-id"]);
  f(["help", "ser"], ["serve", "series"]);
  f(["compact", "ver"], ["verify"]);
  f(["compact", "inspect", "--st"], ["--store"]);
  f(["compact", "--dry"], ["--dry-run"]);
  f(["delete", "create", "--fr"], ["--from"]);
  f(["serve", "--verify"], ["--verify-config"]);
  f(["query", "{}", "--inc"], ["--include-label", "--include-common-labels"]);
  f(["query", "-o", ""], ["default", "raw", "jsonl"]);
  f(["query", "--output", "=", "j"], ["jsonl"]);
  f(["query", "--timezone", "="], ["Local", "UTC"]);
  // Where a file or some word is wanted no options are offered.
  f(["query", "{}", "--store", ""], []);
  f(["query", "{}", "--limit", "--l"], []);
});

test("fish completes them too", { skip: without("fish") }, async () => {
  await inFolder(async (cwd) => {
    const { stdout: script } = await lokits(["completion", "fish"]);
    await writeFile(join(cwd, "lokits.fish"), script);
    const f = (line: string, expected: string[]) => {
      const run = spawnSync("fish", ["-Nc", `source lokits.fish; complete -C '${line}'`], {
        ...{ cwd, encoding: "utf8" },
      });
      const words = run.stdout.trim().split("\n");
      assert.deepEqual(words.map((word) => word.split("\t")[0]).sort(), expected, line);
    };
    f("lokits volume", ["volume", "volume_range"]);
    f("lokits compact verify --st", ["--store"]);
    f("lokits query --output ", ["default", "jsonl", "raw"]);
  });
});

test("zsh takes its script", { skip: without("zsh") }, async () => {
  const { stdout: script } = await lokits(["completion", "zsh"]);
  const { status, stderr } = spawnSync("zsh", ["-n"], { input: script, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
});

test("the manual page is set without warnings, its examples can be copied", {
  skip: without("groff"),
}, async () => {
  const { stdout: page } = await lokits(["man"]);
  assert.match(page, /^[\n\x20-\x7e]*$/, "groff reads ASCII");
  const run = spawnSync("groff", ["-man", "-ww", "-Tutf8"], { input: page, encoding: "utf8" });
  assert.deepEqual([run.status, run.stderr], [0, ""]);
  // Bold and underlined letters are set with sequences of a terminal, or as pairs with a backspace.
  const text = run.stdout.replaceAll(/\x1b\[[0-9;]*m|.\x08/g, "");
  for (const example of [
    `lokits query '|~ "(?i)fatal"' build/*.log --fail-on-match`,
    "lokits compact verify --store file:///srv/loki",
    "-q, --quiet",
    "--help",
  ])
    assert.ok(text.includes(example), example);
});
