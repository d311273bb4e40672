/** Opens an index file as it lies in the object store: gzip when its name ends in `.gz`, bare otherwise. */
import { Corrupt } from "../model/errors.ts";
import { type Codecs, ENCODINGS } from "../ports/codecs.ts";
import { INDEX_SIZE_MAX } from "./layout.ts";
import { IndexReader } from "./reader.ts";
import { GZIP_SUFFIX } from "./table.ts";

/** Damage is Corrupt with the key in the message. */
export async function openIndexFile(
  key: string,
  stored: Uint8Array,
  codecs: Codecs,
): Promise<IndexReader> {
  try {
    if (!key.endsWith(GZIP_SUFFIX)) return IndexReader.open(stored);
    const options = { sizeMax: INDEX_SIZE_MAX };
    return IndexReader.open(await codecs.decompress(ENCODINGS.gzip, stored, options));
  } catch (error) {
    throw named(key, error);
  }
}

/** Puts the key before what is wrong with the file; other errors go on as they are. */
export function named(key: string, error: unknown): unknown {
  if (!(error instanceof Corrupt)) return error;
  return new Corrupt(`index file ${key}: ${error.message}`, { cause: error });
}
