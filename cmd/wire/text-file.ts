/** Files of settings as text. What is not UTF-8 is refused: read anyway it would be other values than were written. */
import { readFile } from "node:fs/promises";

/** Throws what node:fs throws, and an error with the first line that is no UTF-8. */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readFile(path);
  const text = utf8(bytes);
  if (text !== undefined) return text;
  let line = 1;
  for (const part of lines(bytes)) {
    if (utf8(part) === undefined) break;
    line++;
  }
  throw new Error(
    `${path}: yaml: line ${line}: invalid UTF-8; the file has to be written in UTF-8`,
  );
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function* lines(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.subarray(start, end < 0 ? bytes.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}
