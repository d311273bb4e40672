/** Files that options name. */
import { readFileSync } from "node:fs";
import { UsageError } from "./flags.ts";

/** Throws UsageError when it cannot be read. */
export function readText(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--${name} ${path} cannot be read: ${reason}`);
  }
}
