/**
 * moto's server (PyPI, `pip install 'moto[server]'`): S3 and STS in memory, in a Python process of its
 * own that ends with ours.
 */
import { spawn } from "node:child_process";
import { freePort } from "./free-port.ts";
import type { S3Service } from "./s3-service.ts";

const START_MS_MAX = 30_000;
const POLL_MS = 50;

/** Undefined where Python or moto is not installed. */
export async function startMoto(): Promise<S3Service | undefined> {
  const port = await freePort();
  const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const child = spawn("python3", args, { stdio: "ignore" });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    const done = () => {
      ended = true;
      resolve();
    };
    child.once("exit", done);
    child.once("error", done);
  });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);

  const endpoint = `http://127.0.0.1:${port}`;
  const startMs = Date.now();
  while (!(await answers(endpoint))) {
    if (ended) return undefined;
    if (Date.now() - startMs > START_MS_MAX) {
      kill();
      throw new Error(`moto does not answer after ${START_MS_MAX} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    name: "moto",
    endpoint,
    makeBucket: async (name) => {
      const { status } = await fetch(`${endpoint}/${name}`, { method: "PUT" });
      if (status !== 200) throw new Error(`moto made no bucket ${name}: status ${status}`);
    },
    close: async () => {
      process.off("exit", kill);
      kill();
      await end;
    },
  };
}

function answers(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/moto-api/data.json`).then(
    ({ ok }) => ok,
    () => false,
  );
}
