/**
 * A file that is asked often is decoded; what it answers then must be what it answered before: series,
 * chunks, names and weights, from random files, whole and damaged, of one tenant and of all.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IndexReader } from "../index/reader.ts";
import { withTenant } from "../index/table.ts";
import { IndexWriter } from "../index/writer.ts";
import { fingerprint } from "../labels/fingerprint.ts";
import { labelsOf, printLabels } from "../labels/labels.ts";
import { compileMatcher } from "../labels/matcher.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Labels } from "../model/labels.ts";
import type { Matcher } from "../model/matcher.ts";
import { checkTenant } from "../model/tenant.ts";
import { type Bounds, type Found, joined } from "./found.ts";
import { OpenIndex } from "./open-index.ts";

const RUNS = { seed: 20231130, numRuns: 300 };
const TENANT = checkTenant("t");
const TENANTS = [TENANT, checkTenant("u")];
const ROOM = 1 << 30;

interface Series {
  readonly tenant: string;
  readonly labels: Labels;
  readonly collides: boolean;
  readonly chunks: readonly ChunkRef[];
}

const name = fc.constantFrom("a", "b", "app", "z\u{10000}");
const value = fc.constantFrom("x", "y", "1.5", "é", "\u{1f600}", "\ufeffx");
const chunk = fc
  .record({
    fromMs: fc.integer({ min: 1, max: 200 }),
    spanMs: fc.integer({ min: 0, max: 40 }),
    checksum: fc.integer({ min: 0, max: 0xffffffff }),
    // The largest are those that no 32 bits hold.
    kb: fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.constant(2 ** 33)),
    entries: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ spanMs, ...rest }) => ({ ...rest, throughMs: rest.fromMs + spanMs }));
const chunks = fc.oneof(
  { weight: 9, arbitrary: fc.array(chunk, { minLength: 1, maxLength: 5 }) },
  // So many are read by pages.
  { weight: 1, arbitrary: fc.array(chunk, { minLength: 60, maxLength: 90 }) },
);
const series = fc.uniqueArray(
  fc.record({
    tenant: fc.constantFrom(...TENANTS),
    labels: fc.dictionary(name, value, { maxKeys: 3 }).map((pairs) => labelsOf(pairs)),
    // Some share a fingerprint that is not that of their labels.
    collides: fc.boolean(),
    chunks,
  }),
  { maxLength: 25, selector: ({ tenant, labels }) => tenant + printLabels(labels) },
);
const matcher: fc.Arbitrary<Matcher> = fc.record({
  name,
  op: fc.constantFrom("=" as const, "!=" as const, "=~" as const, "!~" as const),
  value: fc.constantFrom("x", "", "x|y", ".+", ".*", "[^x]+"),
});
const question = fc.record({
  matchers: fc.array(matcher, { maxLength: 3 }).map((all) => all.map(compileMatcher)),
  fromMs: fc.integer({ min: 0, max: 250 }),
  spanMs: fc.integer({ min: 0, max: 120 }),
});
const questions = fc.array(
  question.map(({ spanMs, ...rest }) => ({ ...rest, throughMs: rest.fromMs + spanMs })),
  { minLength: 1, maxLength: 4 },
);
const version = fc.constantFrom(2 as const, 3 as const);

test("a decoded file answers as one that is read series by series", () => {
  fc.assert(
    fc.property(series, version, fc.boolean(), questions, (all, version, common, asked) => {
      const bytes = fileOf(all, { version, common });
      const file = decoded(bytes, common);
      assert.equal(file.bytes > bytes.length, file.reader.seriesCount() > 0, "it is decoded");
      for (const one of asked) {
        const select = { tenant: TENANT, ...one };
        assert.deepEqual(answer(file, select), answer(fresh(bytes, common), select));
      }
    }),
    RUNS,
  );
});

test("a damaged file says the same of its damage, and gives the same of the rest", () => {
  let told = 0;
  fc.assert(
    fc.property(
      ...[series, version, fc.boolean(), questions, fc.nat(), fc.nat(7)],
      (all, version, common, asked, at, bit) => {
        const bytes = fileOf(all, { version, common });
        bytes[at % bytes.length]! ^= 1 << bit;
        let file: OpenIndex;
        try {
          file = decoded(bytes, common);
        } catch (error) {
          // Then there is no reader either.
          assert.ok(error instanceof Corrupt);
          return;
        }
        for (const one of asked) {
          const select = { tenant: TENANT, ...one };
          const got = answer(file, select);
          assert.deepEqual(got, answer(fresh(bytes, common), select));
          if (got.damage !== undefined) told++;
        }
      },
    ),
    { ...RUNS, numRuns: 1000 },
  );
  assert.ok(told > 20, `${told} answers with damage`);
});

test("a file is decoded when so many series were read as it has, and not where there is no room", () => {
  const all = ["x", "y", "z"].map((value, at) => ({
    ...{ tenant: TENANT, labels: labelsOf({ a: value }), collides: false },
    chunks: [{ fromMs: 10, throughMs: 20, checksum: at, kb: 1, entries: 1 }],
  }));
  const bytes = fileOf(all, { version: 3, common: false });
  const one = {
    ...{ tenant: TENANT, fromMs: 0, throughMs: 100 },
    matchers: [compileMatcher({ name: "a", op: "=", value: "x" })],
  };
  const sizes = (bytesMax: number) => {
    let grown = 0;
    const options = { common: false, bytesMax, grown: () => grown++ };
    const file = new OpenIndex(IndexReader.open(bytes), options);
    const decodedAfter = [1, 2, 3, 4, 5].filter(() => {
      file.find(one, []);
      return file.bytes > bytes.length;
    });
    return { decodedAfter, grown };
  };
  assert.deepEqual(sizes(ROOM), { decodedAfter: [4, 5], grown: 1 });
  assert.deepEqual(sizes(2 * bytes.length), { decodedAfter: [], grown: 0 });
});

function fileOf(
  all: readonly Series[],
  { version, common }: { version: 2 | 3; common: boolean },
): Uint8Array {
  const writer = new IndexWriter({ version });
  for (const { tenant, labels, collides, chunks } of all) {
    if (!common && tenant !== TENANT) continue;
    const own = common ? withTenant(labels, tenant) : labels;
    writer.add(own, collides ? 77n : fingerprint(labels), chunks);
  }
  return writer.finish();
}

function fresh(bytes: Uint8Array, common: boolean): OpenIndex {
  const grown = () => assert.fail("decoded at once");
  return new OpenIndex(IndexReader.open(bytes), { common, bytesMax: ROOM, grown });
}

/** Asked for everything of every tenant, until it is decoded or turns out not to be sound. */
function decoded(bytes: Uint8Array, common: boolean): OpenIndex {
  const options = { common, bytesMax: ROOM, grown: () => {} };
  const file = new OpenIndex(IndexReader.open(bytes), options);
  for (let round = 0; round < 2; round++) {
    for (const tenant of TENANTS) {
      answer(file, { tenant, matchers: [], fromMs: 0, throughMs: 1000 });
    }
  }
  return file;
}

function answer(file: OpenIndex, select: Parameters<OpenIndex["find"]>[0]) {
  const all: Found[] = [];
  let damage: string | undefined;
  try {
    file.find(select, all);
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    damage = error.message;
  }
  return { damage, ...told(all, select) };
}

function told(all: readonly Found[], bounds: Bounds) {
  const found = joined(all, bounds);
  const text = ({ labels, fingerprint }: { labels: Labels; fingerprint: bigint }) =>
    `${printLabels(labels)} ${fingerprint}`;
  return {
    isEmpty: found.isEmpty(),
    streams: found.streams().map(text),
    series: found.series().map(({ stream, chunks }) => [text(stream), chunks]),
    volumes: found.volumes().map(({ stream, ...weight }) => [text(stream), weight]),
    names: [...found.names()].sort(),
  };
}
