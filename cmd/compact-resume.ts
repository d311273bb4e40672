/** Where long work on buckets keeps how far it came: a file of JSON that names the work, so that none is taken for another. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { UsageError } from "./flags.ts";

/** What must be equal for work to be the same: the tool, its bucket, the options that change its outcome. */
export type Work = Readonly<Record<string, unknown>>;

export class ResumeFile<State> {
  readonly #path: string | undefined;
  readonly #work: Work;
  #saving: Promise<void> = Promise.resolve();

  /** Without a path nothing is kept. */
  constructor(path: string | undefined, work: Work) {
    this.#path = path;
    this.#work = work;
  }

  /** Undefined when there is no such file yet. Throws when none could be written: better now than after hours. */
  async load(): Promise<State | undefined> {
    if (this.#path === undefined) return undefined;
    await writeFile(`${this.#path}.partial`, "").catch((cause: Error) => {
      throw new Error(`--resume cannot be written: ${cause.message}`, { cause });
    });
    await rm(`${this.#path}.partial`);
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const { work, state } = parse(this.#path, text);
    const [kept, own] = [JSON.stringify(work), JSON.stringify(this.#work)];
    if (kept !== own)
      throw new UsageError(`--resume ${this.#path} is of other work: ${kept}, not ${own}`);
    return state as State;
  }

  /** One save after the other, each whole or not at all. */
  save(state: State): Promise<void> {
    if (this.#path === undefined) return Promise.resolve();
    const path = this.#path;
    const text = JSON.stringify({ work: this.#work, state });
    this.#saving = this.#saving.then(async () => {
      await writeFile(`${path}.partial`, text);
      await rename(`${path}.partial`, path);
    });
    return this.#saving;
  }

  /** The work is done: there is nothing to go on from. */
  async remove(): Promise<void> {
    await this.#saving;
    if (this.#path !== undefined) await rm(this.#path, { force: true });
  }
}

function parse(path: string, text: string): { work: unknown; state: unknown } {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null && "work" in json && "state" in json) return json;
  } catch {
    // Said below.
  }
  throw new UsageError(`--resume ${path} is no file of ours`);
}
