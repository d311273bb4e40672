/**
 * Prints the first imports that point up. The order is that of core/README.md: a folder imports from
 * folders on lines above its own; cmd may use everything, adapters only core's lower layers.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Folders of core from low to high. Folders on one line do not see each other. */
const LAYERS: readonly (readonly string[])[] = [
  ["model", "golang"],
  ["ports"],
  ["bytes", "regex"],
  ["auth"],
  ["golang/template", "compress", "labels", "config", "sim", "remote"],
  ["chunk", "index", "wal", "logql/syntax"],
  ["logql/stages"],
  ["logql/plan", "logql/exec"],
  ["deletes"],
  ["store"],
  ["ingester", "querier", "compactor", "repair"],
  ["distributor", "frontend", "patterns"],
  ["http"],
  ["service"],
];

/** What may be imported on the same line, and why it is no cycle. */
const SIDEWAYS: ReadonlySet<string> = new Set([
  "model -> golang", // Errors and times quote as Go does; golang imports errors only.
  "golang -> model",
  "logql/exec -> logql/plan", // A plan is the input of execution.
]);

const ADAPTERS_SEE = ["model", "golang", "ports", "bytes", "compress", "regex", "remote"];

const root = resolve(import.meta.dirname, "..");
const problems: string[] = [];
for (const file of sources(root)) {
  for (const target of imports(file)) check(relative(root, file), relative(root, target));
}
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0 ? "layers: every import points down" : `layers: ${problems.length} wrong`,
);
process.exit(problems.length === 0 ? 0 : 1);

function check(from: string, to: string): void {
  const isTest = /\.(test|contract)\.ts$/.test(from);
  const [top, toTop] = [from.split("/")[0], to.split("/")[0]];
  if (top === "core" && toTop !== "core" && !isTest)
    problems.push(`${from} imports ${to}: core stands alone`);
  if (top === "adapters" && !isTest) {
    if (toTop === "cmd") problems.push(`${from} imports ${to}: adapters are below cmd`);
    if (toTop === "adapters" && from.split("/")[1] !== to.split("/")[1]) {
      problems.push(`${from} imports ${to}: adapters do not know each other`);
    }
    if (toTop === "core" && !ADAPTERS_SEE.includes(folderOf(to))) {
      problems.push(`${from} imports ${to}: adapters see ${ADAPTERS_SEE.join(", ")}`);
    }
  }
  if (top !== "core" || toTop !== "core" || isTest) return;
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target || SIDEWAYS.has(`${source} -> ${target}`)) return;
  const [low, high] = [levelOf(target), levelOf(source)];
  if (low < 0) problems.push(`${to}: folder core/${target} has no layer`);
  else if (high < 0) problems.push(`${from}: folder core/${source} has no layer`);
  else if (low >= high) problems.push(`${from} imports ${to}: ${target} is not below ${source}`);
}

/** The layer's folder of a path in core: two names where the second has a line of its own. */
function folderOf(path: string): string {
  const parts = path.split("/").slice(1, -1);
  const two = parts.slice(0, 2).join("/");
  return parts[0] === "logql" || levelOf(two) >= 0 ? two : (parts[0] ?? "");
}

function levelOf(folder: string): number {
  return LAYERS.findIndex((line) => line.includes(folder));
}

function* sources(folder: string): Generator<string> {
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    if (item.name === "node_modules" || item.name.startsWith(".")) continue;
    const path = join(folder, item.name);
    if (item.isDirectory()) yield* sources(path);
    else if (item.name.endsWith(".ts")) yield path;
  }
}

function* imports(file: string): Generator<string> {
  const pattern = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;
  for (const [, path] of readFileSync(file, "utf8").matchAll(pattern))
    yield resolve(dirname(file), path!);
}
