/** Programs that others wrote, as tests start them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";

/** Why a test that needs these programs cannot run; false when all are there. */
export function without(...programs: string[]): string | false {
  const missing = programs.filter((name) => spawnSync("which", [name]).status !== 0);
  return missing.length > 0 && `${missing.join(", ")} not installed (.ci/run does it)`;
}

/** The same for modules of Python. */
export function withoutPython(...modules: string[]): string | false {
  const { status } = spawnSync("python3", ["-c", `import ${modules.join(", ")}`]);
  return status !== 0 && `Python's ${modules.join(", ")} not installed (.ci/run does it)`;
}

/** Runs to the end; the test fails with what it wrote when it fails. */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => (stdout += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (stderr += piece.toString()));
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`${command} left with ${code}: ${stdout}${stderr}`);
  return stdout;
}

/** A program that runs beside the test, ended when `use` is done. */
export async function beside<T>(
  command: string,
  args: readonly string[],
  use: (child: ChildProcess) => Promise<T>,
): Promise<T> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const gone = new Promise((done) => child.once("close", done));
  try {
    return await use(child);
  } finally {
    child.kill();
    await gone;
  }
}

/** Tries until it succeeds; fails with its last error when it never does. */
export async function eventually<T>(attempt: () => Promise<T>, tries = 100): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left <= 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
