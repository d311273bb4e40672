/** The folder of chunks on a local disk. A server that can take lines and not store them would only say so hours later. */
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import type { Config } from "../../core/config/config.ts";
import type { Schema } from "../../core/model/schema.ts";
import { naming } from "./start-problem.ts";

/** Throws, naming the key, when the schema has such chunks and their folder cannot be made or written to. */
export async function makeChunkFolder(config: Config, schema: Schema): Promise<void> {
  if (schema.every(({ objectStore }) => objectStore !== "filesystem")) return;
  const folder = config.text("storage_config.filesystem.directory");
  await naming(`storage_config.filesystem.directory ${folder}`, async () => {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  });
}
