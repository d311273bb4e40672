/** Merging file by file against the writer of whole files: the same bytes, whatever the files are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { joined } from "../compress/joined.ts";
import { withTenant } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf } from "../labels/labels.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Tenant } from "../model/tenant.ts";
import { IndexMerge } from "./merge-index.ts";
import { writeIndex } from "./write-index.ts";

type Series = readonly [labels: Record<string, string>, chunks: readonly ChunkRef[]];

async function merged(
  version: 2 | 3,
  add: (merge: IndexMerge) => void,
  tenant = "t",
): Promise<Uint8Array> {
  const merge = new IndexMerge();
  add(merge);
  const pieces: Uint8Array[] = [];
  await writeIndex(
    merge.tenants.get(tenant as Tenant)!,
    version,
    (piece) => void pieces.push(piece.slice()),
  );
  return joined(
    pieces,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
}

/** The file of all these series by the writer that has them all. */
function whole(version: 2 | 3, files: readonly (readonly Series[])[], tenant?: string): Uint8Array {
  const writer = new IndexWriter({ version });
  for (const [labels, chunks] of files.flat()) {
    const set = labelsOf(labels);
    writer.add(tenant === undefined ? set : withTenant(set, tenant), fingerprint(set), chunks);
  }
  return writer.finish();
}

const CHUNK = fc.record({
  fromMs: fc.integer({ min: 1_698_000_000_000, max: 1_698_000_090_000 }),
  throughMs: fc.integer({ min: 1_698_000_100_000, max: 1_698_000_200_000 }),
  checksum: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  kb: fc.nat(5000),
  entries: fc.nat(1_000_000),
});
const LABELS = fc.dictionary(
  fc.constantFrom("app", "env", "pod", "zone"),
  fc.constantFrom("a", "b", "é", "漢字", "\u{1f600}", "longer value"),
  { minKeys: 1 },
);
// Runs of a hundred chunks have pages of markers.
const CHUNKS = fc.oneof(
  fc.array(CHUNK, { minLength: 1, maxLength: 4 }),
  fc.array(CHUNK, { minLength: 60, maxLength: 100 }),
);
const FILES = fc.array(fc.array(fc.tuple(LABELS, CHUNKS), { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 5,
});

test("files that are merged one by one give the bytes of one that was written at once", async () => {
  await fc.assert(
    fc.asyncProperty(
      FILES,
      fc.constantFrom<2 | 3>(2, 3),
      fc.constantFrom<2 | 3>(2, 3),
      async (files, from, to) => {
        const wanted = whole(to, files);
        const own = await merged(to, (merge) => {
          for (const file of files) merge.addOwn(whole(from, [file]), "t" as Tenant);
        });
        assert.deepEqual(own, wanted);
        const common = await merged(to, (merge) => {
          for (const file of files) {
            merge.addCommon(whole(from, [file], "t"));
            merge.addCommon(whole(from, [file], "u"));
          }
        });
        assert.deepEqual(common, wanted);
      },
    ),
    { seed: 20231028, numRuns: 60 },
  );
});

test("a file that is written in several pieces is the same", async () => {
  const files = [0, 1].map((part) =>
    Array.from({ length: 1900 }, (_, number): Series => {
      const labels = { app: `app-${number % 100}`, pod: `pod-${number}` };
      const chunks = Array.from({ length: 100 }, (_, chunk) => {
        const fromMs = 1_698_000_000_000 + 2 * chunk * 60_000 + part * 60_000;
        return { fromMs, throughMs: fromMs + 50_000, checksum: number, kb: 700, entries: 900 };
      });
      return [labels, chunks];
    }),
  );
  const bytes = await merged(3, (merge) => {
    for (const file of files) merge.addOwn(whole(3, [file]), "t" as Tenant);
  });
  assert.ok(bytes.length > 4.2 * 2 ** 20);
  assert.ok(Buffer.from(bytes).equals(whole(3, files)));
});

test("what a file brings is counted, and a series without a tenant is no series of a common file", () => {
  const chunk = { fromMs: 5, throughMs: 6, checksum: 1, kb: 1, entries: 1 };
  const file = whole(2, [
    [
      [{ app: "x" }, [chunk, { ...chunk, checksum: 2 }]],
      [{ app: "y" }, [chunk]],
    ],
  ]);
  const merge = new IndexMerge();
  assert.deepEqual(merge.addOwn(file, "t" as Tenant), { version: 2, series: 2, chunks: 3 });
  assert.throws(() => new IndexMerge().addCommon(file), Corrupt);
});
