/** Hashes of label sets (spec chunk-format §8) and of streams on the ring (spec wire §4.1). */
import { fnv1 } from "../bytes/fnv1.ts";
import { utf8 } from "../bytes/text.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { xxhash64 } from "../bytes/xxhash64.ts";
import { type Labels, METRIC_NAME } from "../model/labels.ts";

const SEPARATOR = 0xff;

/** XXH64 over `name 0xFF value 0xFF` of each label but `__name__`: the fingerprint of a stream. */
export function fingerprint(labels: Labels): bigint {
  const out = new ByteWriter(256);
  for (const [name, value] of labels) {
    if (name === METRIC_NAME) continue;
    out.text(name);
    out.u8(SEPARATOR);
    out.text(value);
    out.u8(SEPARATOR);
  }
  return xxhash64(out.view());
}

/** FNV-1 of tenant and canonical label text: the token under which a push looks for its ingesters. */
export function streamToken(tenant: string, labelText: string): number {
  return fnv1(utf8(tenant + labelText));
}
