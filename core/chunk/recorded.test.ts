/**
 * What Loki stored is read to the last byte, and where nothing is compressed our own bytes of the same
 * entries are Loki's. The fixtures hold one stream of every bucket; beside the repository, all of them.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { test } from "node:test";
import { blockOf, fixture, fixtureJson, type GivenRow, rowsOf } from "../../fixtures/chunk/rows.ts";
import { toHex } from "../bytes/text.ts";
import { portableCodecs } from "../compress/table.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import { ENCODINGS } from "../ports/codecs.ts";
import { ChunkBuilder, encodeChunk } from "./builder.ts";
import { readBlock, readSymbols, readTable } from "./decode.ts";
import { chunkKey, fromFilesystemKey, parseChunkKey } from "./keys.ts";
import { type DecodedObject, decodeObject, encodeObject } from "./object.ts";

interface CorpusEntry {
  readonly labels: Record<string, string>;
  readonly ts: string;
  readonly line: string;
}

const recorded = fixtureJson<{
  names: Record<string, string>;
  labels: Record<string, string>;
  entries: readonly { time: string; line: string; index: number }[];
}>("recorded.json");

for (const [bucket, name] of Object.entries(recorded.names)) {
  test(`the recorded object of ${bucket} holds its stream, and nothing is lost writing it`, async () => {
    const object = checkedObject(fixture(`recorded/${bucket}`), name);
    assert.equal(object.tenant, "fake");
    assert.deepEqual(object.labels, labelsOf(recorded.labels));
    assert.equal(object.fingerprint, fingerprint(object.labels));
    const want = recorded.entries.map(({ time, line, index }) =>
      givenRow(time, line, bucket.startsWith("v13") ? index : undefined),
    );
    const blocks = await readBlocks(object);
    assert.deepEqual(blocks.flatMap(rowsOf), want);
    await checkRewritten(object, blocks, fixture(`recorded/${bucket}`));
  });
}

const SHARED = join(import.meta.dirname, "../../../shared");
const BUCKETS = join(SHARED, "golden/buckets");

test(
  "every chunk of the golden buckets is read, and together they are the corpus",
  existsSync(BUCKETS) ? {} : { skip: "the golden buckets are not beside the repository" },
  async () => {
    const { corpus } = await import(join(SHARED, "tools/corpus.mjs"));
    const one = [...corpus({ seed: 3, lines: 900, pods: 1 })] as CorpusEntry[];
    const two = [...corpus({ seed: 4, lines: 2400, pods: 2, span: 259_200 })] as CorpusEntry[];
    for (const bucket of readdirSync(BUCKETS)) {
      const tenants = await readBucket(join(BUCKETS, bucket));
      const shared = bucket.startsWith("multi-tenant");
      assert.deepEqual([...tenants.keys()].sort(), shared ? ["team-a", "team-b"] : ["fake"]);
      const withMetadata = bucket.startsWith("v13");
      const want = (shared ? two : one)
        .map((entry, index) => entryText(entry, withMetadata ? index : undefined))
        .sort();
      for (const entries of tenants.values()) assert.deepEqual(entries.sort(), want, bucket);
    }
  },
);

/** All entries of a bucket as text, by tenant. Objects of encoding none are written again. */
async function readBucket(root: string): Promise<Map<string, string[]>> {
  const tenants = new Map<string, string[]>();
  for (const item of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = relative(root, join(item.parentPath, item.name)).split(sep).join("/");
    if (!item.isFile() || path.startsWith("index/")) continue;
    const bytes = new Uint8Array(readFileSync(join(root, path)));
    const object = checkedObject(bytes, path);
    const blocks = await readBlocks(object);
    await checkRewritten(object, blocks, bytes);
    const labels = printLabels(object.labels);
    const entries = tenants.get(object.tenant) ?? [];
    tenants.set(object.tenant, entries);
    for (const row of blocks.flatMap(rowsOf)) entries.push(rowText(labels, row));
  }
  return tenants;
}

/** Decodes an object and checks it against the name it had in its bucket. */
function checkedObject(bytes: Uint8Array, path: string): DecodedObject {
  const key = parseChunkKey(path) === undefined ? fromFilesystemKey(path) : path;
  const name = parseChunkKey(key);
  assert.ok(name, path);
  const object = decodeObject(bytes, { checksum: name.checksum });
  const { tenant, fingerprint, fromMs, throughMs, checksum } = object;
  assert.deepEqual({ tenant, fingerprint, fromMs, throughMs, checksum }, name);
  const schema = key.split("/").length === 3 ? "v12" : "v11";
  assert.equal(chunkKey(schema, tenant, fingerprint, object), key);
  return object;
}

async function readBlocks({ chunk }: DecodedObject): Promise<Block[]> {
  const table = readTable(chunk);
  const symbols = await readSymbols(chunk, table, portableCodecs);
  const blocks: Block[] = [];
  for (const meta of table.blocks) {
    const block = await readBlock(chunk, table, meta, symbols, portableCodecs);
    assert.equal(block.rows, meta.rows);
    assert.equal(block.times[0], meta.minTime);
    assert.equal(block.times.at(-1), meta.maxTime);
    blocks.push(block);
  }
  return blocks;
}

/** Writes the entries again: the same rows always, the same object where nothing is compressed. */
async function checkRewritten(
  object: DecodedObject,
  blocks: readonly Block[],
  bytes: Uint8Array,
): Promise<void> {
  const { encoding, format } = readTable(object.chunk);
  if (encoding === ENCODINGS.zstd) return; // Written by the runtime's codec only.
  // From plain rows, so that no symbol table or text of the chunk read serves the one written.
  const rows = blocks.map((block) => blockOf(rowsOf(block)));
  const options = { format: format === 4 ? 4 : 3, encoding, codecs: portableCodecs } as const;
  const chunk = await encodeChunk(rows, options);
  if (encoding === ENCODINGS.none) {
    assert.equal(toHex(encodeObject({ ...object, chunk })), toHex(bytes));
    // And once more from rows alone: the builder cuts where Loki cut.
    const builder = new ChunkBuilder({ ...options, blockSize: 65_536, targetSize: 0 });
    for (const block of rows) {
      for (let row = 0; row < block.rows; row++) builder.append(block, row);
    }
    assert.equal(toHex(await builder.close()), toHex(object.chunk));
  } else {
    const again = await readBlocks({ ...object, chunk });
    assert.deepEqual(again.map(rowsOf), blocks.map(rowsOf));
  }
}

function givenRow(time: string, line: string, index: number | undefined): GivenRow {
  if (index === undefined) return [BigInt(time), line];
  const pairs = [
    ["request_id", `r${index % 97}`],
    ["shard", String(index % 3)],
  ] as const;
  return [BigInt(time), line, pairs];
}

function entryText({ labels, ts, line }: CorpusEntry, index: number | undefined): string {
  return rowText(printLabels(labelsOf(labels)), givenRow(ts, line, index));
}

function rowText(labels: string, [time, line, pairs = []]: GivenRow): string {
  return JSON.stringify([labels, String(time), line, pairs]);
}
