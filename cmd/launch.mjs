#!/usr/bin/env node
// Starts the program on the Bun that npm installed, whatever runtime called this file.
import { spawn } from "node:child_process";
import { bun, program } from "./program.mjs";

const child = spawn(bun(), [program(), ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`lokits: bun does not start: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
