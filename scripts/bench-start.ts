/**
 * From the start of a process to the first 200 at /ready, with no configuration and no data: wall and processor ms.
 *
 *   bun scripts/bench-start.ts [--rounds 10]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "./services/free-port.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
const root = join(import.meta.dirname, "..");

const WAYS: readonly (readonly [string, readonly string[]])[] = [
  ["npm start", ["npm", "--prefix", root, "start", "--"]],
  ["launcher", ["node", join(root, "cmd/launch.mjs"), "serve"]],
  [
    "bundle on Bun",
    [process.execPath, join(root, "node_modules/.cache/lokits/lokits.js"), "serve"],
  ],
  ["sources on Bun", [process.execPath, join(root, "cmd/lokits.ts"), "serve"]],
];

console.log("started as      wall ms: least, median   processor ms: median");
for (const [name, command] of WAYS) {
  const rounds: { wall: number; processor: number }[] = [];
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await untilReady(command));
  const walls = rounds.map(({ wall }) => wall).sort((a, b) => a - b);
  const processors = rounds.map(({ processor }) => processor).sort((a, b) => a - b);
  const least = walls[0]!.toFixed().padStart(14);
  console.log(
    `${name.padEnd(16)}${least}${middle(walls).padStart(8)}${middle(processors).padStart(24)}`,
  );
}

async function untilReady([command, ...args]: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), "lokits-start-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = [`-server.http-listen-port=${new URL(url).port}`];
  const started = performance.now();
  const options = { stdio: "ignore", cwd: home, detached: true } as const;
  const child = spawn(command!, [...args, ...flags], options);
  try {
    while (!(await isReady(url))) {
      if (performance.now() - started > 30_000) throw new Error(`${command} was never ready`);
      await Bun.sleep(2);
    }
    return { wall: performance.now() - started, processor: processorMs(child.pid!) };
  } finally {
    process.kill(-child.pid!, "SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Of all processes of a group, from /proc: ticks of 10 ms. Zero where there is none. */
function processorMs(group: number): number {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks * 10;
}

function middle(sorted: readonly number[]): string {
  return sorted[Math.floor(sorted.length / 2)]!.toFixed();
}
