/** How much memory this process may use. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Limits of control groups, version 2 and then 1: what a container sees as its own. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes: the control group's limit, or the machine's memory when that is less or there is no limit. */
export function memoryLimit(
  readText: (path: string) => string | undefined = readOrNothing,
): number {
  for (const file of LIMIT_FILES) {
    const limit = Number(readText(file)?.trim());
    // Version 2 writes "max" for no limit, version 1 a number beyond any memory.
    if (Number.isSafeInteger(limit) && limit > 0) return Math.min(limit, totalmem());
  }
  return totalmem();
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such file means no such kind of control group.
    return undefined;
  }
}
