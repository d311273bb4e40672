/**
 * The one gate: format and lint, types, layers, all tests on Bun, core's own tests on Node and Deno.
 * `--tests` runs the tests only, `--static` all but the tests. The last line counts every test of every run.
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const totals = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

if (!process.argv.includes("--tests")) {
  step("format and lint", bin("biome"), ["check", "--error-on-warnings", "."]);
  step("types", bin("tsc"), ["-p", "."]);
  step("types of core, without any runtime", bin("tsc"), ["-p", "core"]);
  step("layers", bin("bun"), ["scripts/layers.ts"]);
}
if (process.argv.includes("--static")) process.exit(broken ? 1 : 0);
const core = coreTests();
// Bun's runner is one thread; beside it Node's and Deno's have the other core, one after the other.
await Promise.all([
  tests("tests on Bun", bin("bun"), ["test", "--timeout", "120000"], countBun),
  testsElsewhere(),
]);

const { passed, failed, skipped } = totals;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 || broken ? 1 : 0);

function step(title: string, command: string, args: string[]): void {
  console.log(`\n== ${title}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    broken = true;
    console.log(`${title}: exit code ${status}`);
  }
}

type Counts = { passed: number; failed: number; skipped: number };

async function testsElsewhere(): Promise<void> {
  // One process for all files: one a file spends as long on starting and compiling as on the tests.
  const node = ["--test", "--test-isolation=none", "--test-reporter=spec", ...core];
  await tests("tests of core on Node", bin("node"), node, countNode);
  const deno = ["test", "-A", "--no-check", "--no-lock", ...core];
  await tests("tests of core on Deno", bin("deno"), deno, countDeno);
}

async function tests(
  title: string,
  command: string,
  args: string[],
  count: (output: string) => Counts,
): Promise<void> {
  console.log(`\n== ${title}`);
  const started = Date.now();
  const { status, output } = await outputOf(command, args);
  const counts = count(output);
  // A runner that fails without counting a failure (a file that does not load) is a failure.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed === 0) counts.failed += 1;
  if (counts.failed > 0) console.log(withoutPasses(output).slice(-60_000));
  totals.passed += counts.passed;
  totals.failed += counts.failed;
  totals.skipped += counts.skipped;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `${title}: ${counts.passed} pass, ${counts.failed} fail, ${counts.skipped} skip (${seconds} s)`,
  );
}

/** What there is to read when something failed. */
function withoutPasses(output: string): string {
  const isPass = /^\s*(\(pass\)|✔|﹣|.* \.\.\. ok \()/;
  return output
    .split("\n")
    .filter((line) => !isPass.test(line))
    .join("\n");
}

/** What a runner writes, both streams as they come, and its exit code. */
async function outputOf(
  command: string,
  args: string[],
): Promise<{ status: number | null; output: string }> {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  child.stderr.on("data", (piece: Buffer) => pieces.push(piece));
  const status = await new Promise<number | null>((done) => child.once("close", done));
  return { status, output: Buffer.concat(pieces).toString() };
}

function countBun(output: string): Counts {
  const number = (word: string) =>
    Number(output.match(new RegExp(`^\\s*(\\d+) ${word}$`, "m"))?.[1] ?? 0);
  return { passed: number("pass"), failed: number("fail"), skipped: number("skip") };
}

function countNode(output: string): Counts {
  const number = (word: string) =>
    Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);
  return { passed: number("pass"), failed: number("fail"), skipped: number("skipped") };
}

function countDeno(output: string): Counts {
  const line = output.match(/^(?:ok|FAILED) \| (\d+) passed.* \| (\d+) failed/m);
  const ignored = output.match(/\| (\d+) ignored/)?.[1] ?? 0;
  return {
    passed: Number(line?.[1] ?? 0),
    failed: Number(line?.[2] ?? 0),
    skipped: Number(ignored),
  };
}

function coreTests(folder = "core"): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((item) => {
    const path = `${folder}/${item.name}`;
    if (item.isDirectory()) return coreTests(path);
    return item.name.endsWith(".test.ts") ? [path] : [];
  });
}
