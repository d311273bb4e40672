/** Runs the binary as a user does: for tests of cmd. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** What is run: the sources on Bun, or an executable that LOKITS_BINARY names. */
function program(): string[] {
  const binary = process.env["LOKITS_BINARY"];
  return binary === undefined
    ? [join(root, "node_modules/.bin/bun"), join(root, "cmd/lokits.ts")]
    : [binary];
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function lokits(
  args: readonly string[],
  options: { cwd?: string; stdin?: string | Uint8Array } = {},
): Promise<Finished> {
  const [command, ...first] = program();
  const child = spawn(command!, [...first, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.stdin ?? "");
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number>((done) =>
    child.once("close", (status) => done(status ?? -1)),
  );
  return { code, stdout: await stdout, stderr: await stderr };
}

export interface RunningServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to stderr so far. */
  log(): string;
  /** Asks it to stop and waits; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Starts `lokits serve` on a free port and waits until it is ready. */
export async function startServer(
  args: readonly string[],
  options: { cwd: string },
): Promise<RunningServer> {
  const [command, ...first] = program();
  const child = spawn(command!, [...first, "serve", "-server.http-listen-port=0", ...args], {
    cwd: options.cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const url = await new Promise<string>((started, failed) => {
    child.stderr!.on("data", (bytes: Buffer) => {
      log += bytes.toString();
      const found = log.match(/"?msg"?[=:]"lokits started"[ ,]"?url"?[=:]"?([^\s",]+)/);
      if (found !== null) started(found[1]!);
    });
    child.once("exit", (code) => failed(new Error(`serve left with ${code}: ${log}`)));
  });
  return {
    url,
    child,
    log: () => log,
    stop: async (signal = "SIGTERM") => {
      const gone = new Promise<number>((done) => child.once("close", (code) => done(code ?? -1)));
      child.kill(signal);
      return await gone;
    },
  };
}

/** A folder for one test, removed when it is done. */
export async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "lokits-test-"));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function pushLines(
  url: string,
  labels: Record<string, string>,
  lines: readonly (readonly [time: bigint, line: string])[],
): Promise<void> {
  const values = lines.map(([time, line]) => [String(time), line]);
  const response = await fetch(`${url}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: labels, values }] }),
  });
  if (response.status !== 204) throw new Error(`push: ${response.status} ${await response.text()}`);
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
