// What launch.mjs starts: the Bun that npm installed, and the program as one file where an install made one.
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Where scripts/bundle.mjs leaves the program as one file with its bytecode. It loads in half the time of 600 sources. */
export const BUNDLE = join(root, "node_modules/.cache/lokits/lokits.js");

/** The program's file: the bundle, unless a source has changed since it was made. */
export function program() {
  const sources = join(root, "cmd/lokits.ts");
  try {
    const time = changed(BUNDLE);
    const fresh = ["cmd", "core", "adapters"].every((name) => isOlder(join(root, name), time));
    return fresh && changed(join(root, "package-lock.json")) < time ? BUNDLE : sources;
  } catch {
    return sources;
  }
}

/** Bun's package keeps its binary in a package per platform; we look there, so that a refused install script is no obstacle. */
export function bun() {
  const require = createRequire(import.meta.url);
  const name = process.platform === "win32" ? "bun.exe" : "bun";
  const platform = { win32: "windows" }[process.platform] ?? process.platform;
  const arch = { arm64: "aarch64" }[process.arch] ?? process.arch;
  for (const suffix of ["", "-baseline", "-musl", "-musl-baseline"]) {
    try {
      const file = require.resolve(`@oven/bun-${platform}-${arch}${suffix}/bin/${name}`);
      if (existsSync(file)) return file;
    } catch {
      // Not installed for this platform: try the next one.
    }
  }
  try {
    return join(dirname(require.resolve("bun/package.json")), "bin", "bun.exe");
  } catch {
    return "bun";
  }
}

/** Whether this folder and all in it were last changed before `time`. The folders themselves tell of files that went. */
function isOlder(folder, time) {
  if (changed(folder) >= time) return false;
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    if (entry.isDirectory()) return isOlder(`${folder}/${entry.name}`, time);
    return entry.name.endsWith(".test.ts") || changed(`${folder}/${entry.name}`) < time;
  });
}

/** When content or attributes changed, in ms: unlike the time of modification it cannot be carried over from elsewhere. */
function changed(path) {
  return lstatSync(path).ctimeMs;
}
