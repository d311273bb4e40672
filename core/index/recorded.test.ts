/**
 * Files that Loki wrote: they are read, and written again from what was read, they have the same
 * bytes. fixtures/index/README.md says where they came from; the whole set is looked at where it lies
 * beside the repository.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { fromHex, toHex } from "../bytes/text.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf } from "../labels/labels.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { IndexReader } from "./reader.ts";
import { parseFileName, TENANT_LABEL, withoutTenant } from "./table.ts";
import { IndexWriter } from "./writer.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/index");
const GOLDEN = join(import.meta.dirname, "../../../shared/golden/buckets");

const VECTORS: Record<"v2" | "v3" | "v3-pages", string> = JSON.parse(
  readFileSync(join(FIXTURES, "vectors.json"), "utf8"),
);

const A = { labels: labelsOf({ app: "a", env: "x" }), fingerprint: 0x4b4cfa794560761cn };
const B = { labels: labelsOf({ app: "b" }), fingerprint: 0x2051f58e9c6d0d02n };
const A_CHUNKS = [
  ref(1700000000000, 1700000001000, 0xdeadbeef, 3, 10),
  ref(1700000000500, 1700000000600, 0x01020304, 1, 200),
];
const B_CHUNKS = [ref(1700000002000, 1700000003000, 5, 0, 1)];
const PAGES = Array.from({ length: 18 }, (_, i) => ref(1000 + 10 * i, 1015 + 10 * i, i, i, 2));

test("IndexReader reads the vectors of spec §15", () => {
  for (const version of [2, 3] as const) {
    const reader = IndexReader.open(fromHex(VECTORS[`v${version}`]));
    assert.equal(reader.version, version);
    assert.equal(reader.checksum, version === 2 ? 0x90525324 : 0xf758c2a4);
    assert.deepEqual([reader.fromMs, reader.throughMs], [1700000000000, 1700000003000]);
    assert.deepEqual(
      [...reader.wholeSeries()],
      [
        { ...B, chunks: B_CHUNKS },
        { ...A, chunks: A_CHUNKS },
      ],
    );
  }
  const pages = IndexReader.open(fromHex(VECTORS["v3-pages"]));
  assert.deepEqual([...pages.wholeSeries()][0]?.chunks, PAGES);
});

test("IndexWriter writes the vectors of spec §15", () => {
  const given = (name: keyof typeof VECTORS, write: (writer: IndexWriter) => void) => {
    const writer = new IndexWriter({ version: name === "v2" ? 2 : 3 });
    write(writer);
    assert.equal(toHex(writer.finish()), VECTORS[name], name);
  };
  const both = (writer: IndexWriter) => {
    writer.add(A.labels, A.fingerprint, A_CHUNKS);
    writer.add(B.labels, B.fingerprint, B_CHUNKS);
  };
  given("v2", both);
  given("v3", both);
  given("v3-pages", (writer) => writer.add(labelsOf({ a: "b" }), 0x608891b6a4fd3588n, PAGES));
  // Order and repetition of what is added make no difference.
  given("v2", (writer) => {
    writer.add(B.labels, B.fingerprint, B_CHUNKS);
    for (const chunk of A_CHUNKS.toReversed()) writer.add(A.labels, A.fingerprint, [chunk]);
    both(writer);
  });
});

test("IndexWriter writes recorded files again to the byte", () => {
  const files = indexFiles(join(FIXTURES, "recorded"));
  assert.equal(files.length, 6);
  for (const file of files) checkRecorded(file);
});

test("IndexWriter writes every golden index again to the byte", (t) => {
  if (!existsSync(GOLDEN)) return t.skip(`no golden data at ${GOLDEN}`);
  const files = indexFiles(GOLDEN);
  assert.ok(files.length > 0);
  for (const file of files) checkRecorded(file);
});

/** Reads a file, looks at what must hold in any, and writes it again. */
function checkRecorded(path: string): void {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path)));
  const reader = IndexReader.open(bytes);
  reader.prove();
  assert.ok(reader.version !== 1);
  const writer = new IndexWriter({ version: reader.version });
  for (const series of reader.wholeSeries()) {
    assert.equal(series.fingerprint, fingerprint(withoutTenant(series.labels)), path);
    writer.add(series.labels, series.fingerprint, series.chunks);
  }
  assert.ok(Buffer.from(writer.finish()).equals(bytes), path);

  const name = parseFileName(path.split("/").at(-1)!);
  if (name?.kind === "compacted") {
    const { fromMs, throughMs, checksum } = name;
    assert.deepEqual(
      { fromMs, throughMs, checksum },
      { fromMs: reader.fromMs, throughMs: reader.throughMs, checksum: reader.checksum },
    );
    assert.deepEqual(reader.labelValues(TENANT_LABEL), []);
  }
}

function indexFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".tsdb.gz"))
    .map((path) => join(folder, path));
}

function ref(
  fromMs: number,
  throughMs: number,
  checksum: number,
  kb: number,
  entries: number,
): ChunkRef {
  return { fromMs, throughMs, checksum, kb, entries };
}
