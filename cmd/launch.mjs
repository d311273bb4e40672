#!/usr/bin/env node
// Starts the program on the Bun that npm installed, whatever runtime called this file. Bun's package
// keeps its binary in a package per platform; we look there, so that a refused install script is no obstacle.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const child = spawn(bun(), [join(here, "lokits.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`lokits: bun does not start: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));

function bun() {
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
