/**
 * One random bit of every object is flipped, many times over (LOKITS_FLIPS says how often): is it seen,
 * is no line wrong, are the lines of everything else still there?
 *
 * Some bits do not matter, and then nothing but verify may speak: it sees every flip in a chunk, whose
 * key carries the checksum of all its bytes. Of a compressed index file no checksum covers the gzip
 * header, which verify compares with the known ones, nor the bits that fill the last byte of a
 * compressed piece: a flip there leaves the same decompressed bytes, which the test asserts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketOver,
  copyOf,
  linesOf,
  smallBucket,
  WRITTEN_MS,
} from "../../fixtures/repair/small-bucket.ts";
import { portableCodecs } from "../compress/table.ts";
import { Corrupt } from "../model/errors.ts";
import type { SchemaVersion } from "../model/schema.ts";
import { nsOf } from "../model/time.ts";
import { ENCODINGS, type EncodingName } from "../ports/codecs.ts";
import { SimClock } from "../sim/clock.ts";
import { Random } from "../sim/random.ts";
import type { MemoryObjectStore } from "../sim/store.ts";
import type { Finding } from "./finding.ts";
import { verifyBucket } from "./verify.ts";

const ROUNDS = Number(globalThis.process?.env["LOKITS_FLIPS"] ?? 30);
const SEED = 20231028;
const TENANTS = ["team-a", "team-b"];
const BUCKETS: readonly [SchemaVersion, EncodingName][] = [
  ["v13", "none"],
  ["v13", "snappy"],
  ["v13", "gzip"],
  ["v12", "flate"],
  ["v12", "lz4-256k"],
  ["v11", "none"],
];

test(`every flipped bit of a chunk is seen, and costs no line of another (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  for (const [schema, encoding] of BUCKETS) {
    const { objects, chunks } = await smallBucket({ schema, encoding });
    const whole = await linesByTenant(objects);
    const linesOfChunk = await linesByChunk(objects, chunks);
    for (let round = 0; round < ROUNDS / BUCKETS.length; round++) {
      const store = await copyOf(objects);
      const bits = new Map<string, number>();
      for (const key of chunks) bits.set(key, await flip(store, key, random));
      const about = `${schema} ${encoding} ${JSON.stringify([...bits])}`;

      const found = new Set((await verified(store)).map(({ key }) => key));
      assert.deepEqual([...found].sort(), [...chunks].sort(), about);

      for (const tenant of TENANTS) {
        const { lines, warnings } = await linesOf(bucketOver(store), tenant);
        const wrong = lines.filter((line) => !whole.get(tenant)!.has(line));
        assert.deepEqual(wrong, [], about);
        const got = new Set(lines);
        for (const key of chunks.filter((chunk) => chunk.startsWith(`${tenant}/`))) {
          // No word about a chunk means that all of its lines are there.
          if (warnings.some((text) => text.includes(key))) continue;
          for (const line of linesOfChunk.get(key)!) assert.ok(got.has(line), `${key}: ${about}`);
        }
      }
    }
  }
});

test(`a flipped bit of an index file is seen, or changes nothing (seed ${SEED})`, async () => {
  const random = new Random(SEED);
  for (const schema of ["v12", "v13"] as const) {
    const { objects } = await smallBucket({ schema });
    const whole = await linesByTenant(objects);
    const keys: string[] = [];
    for await (const { key } of objects.list("index/")) keys.push(key);
    for (let round = 0; round < ROUNDS / 2; round++) {
      for (const key of keys) {
        const store = await copyOf(objects);
        const bit = await flip(store, key, random);
        const about = `${schema} ${key} bit ${bit}`;
        const seen = (await verified(store)).some((finding) => finding.key === key);
        const same = await sameContent(objects, store, key);
        assert.ok(seen || same, about);
        for (const tenant of TENANTS) {
          const { lines, warnings } = await linesOf(bucketOver(store), tenant);
          assert.ok(
            lines.every((line) => whole.get(tenant)!.has(line)),
            about,
          );
          if (lines.length === whole.get(tenant)!.size) continue;
          assert.ok(
            warnings.some((text) => text.includes(key)),
            about,
          );
        }
      }
    }
  }
});

test("every bit of an index file that is not compressed is seen by verify", async () => {
  const { objects } = await smallBucket();
  const keys: string[] = [];
  for await (const { key } of objects.list("index/")) keys.push(key);
  const packed = keys[0]!;
  const bytes = await unpacked(objects, packed);
  const key = packed.slice(0, -".gz".length);
  await objects.delete(packed);
  await objects.put(key, bytes);
  assert.deepEqual(await verified(objects), []);
  const random = new Random(SEED);
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const store = await copyOf(objects);
    const bit = await flip(store, key, random);
    assert.ok(
      (await verified(store)).some((finding) => finding.key === key),
      `bit ${bit}`,
    );
  }
});

test("a chunk that is read in another encoding than its own is damage, never lines", async () => {
  for (const encoding of ["none", "snappy", "gzip", "flate", "lz4"] as const) {
    const { objects, chunks } = await smallBucket({ schema: "v12", encoding });
    const whole = await linesByTenant(objects);
    for (const key of chunks) {
      const bytes = (await objects.get(key))!;
      const at = bytes.findIndex((_, index) =>
        MAGIC.every((byte, next) => bytes[index + next] === byte),
      );
      const own = bytes[at + ENCODING_AT]!;
      for (const other of Object.values(ENCODINGS)) {
        if (other === own || (LZ4.has(own) === LZ4.has(other) && LZ4.has(own))) continue;
        bytes[at + ENCODING_AT] = other;
        await objects.put(key, bytes);
        const tenant = key.split("/")[0]!;
        const { lines, warnings } = await linesOf(bucketOver(objects), tenant);
        assert.ok(
          lines.every((line) => whole.get(tenant)!.has(line)),
          `${encoding} as ${other}`,
        );
        assert.ok(lines.length < whole.get(tenant)!.size);
        assert.ok(
          warnings.some((text) => text.includes(key)),
          `${encoding} as ${other}`,
        );
      }
      bytes[at + ENCODING_AT] = own;
      await objects.put(key, bytes);
    }
  }
});

const MAGIC = [0x01, 0x2e, 0xe5, 0x6a];
const ENCODING_AT = 5;
/** They differ in the size of the blocks that are written, and are read alike. */
const LZ4: ReadonlySet<number> = new Set([
  ENCODINGS["lz4-64k"],
  ENCODINGS["lz4-256k"],
  ENCODINGS["lz4-1M"],
  ENCODINGS.lz4,
]);

async function flip(store: MemoryObjectStore, key: string, random: Random): Promise<number> {
  const bytes = (await store.get(key))!;
  const bit = random.int(0, 8 * bytes.length);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  await store.put(key, bytes);
  return bit;
}

async function verified(store: MemoryObjectStore): Promise<Finding[]> {
  const findings: Finding[] = [];
  await verifyBucket({
    store,
    codecs: portableCodecs,
    clock: new SimClock(nsOf(WRITTEN_MS)),
    indexPrefix: "index/",
    sample: { share: 1, seed: 1 },
    graceMs: 3_600_000,
    onFinding: (finding) => {
      findings.push(finding);
    },
  });
  return findings;
}

async function linesByTenant(store: MemoryObjectStore): Promise<Map<string, Set<string>>> {
  const lines = new Map<string, Set<string>>();
  for (const tenant of TENANTS) {
    const answer = await linesOf(bucketOver(store), tenant);
    assert.deepEqual(answer.warnings, []);
    lines.set(tenant, new Set(answer.lines));
  }
  return lines;
}

/** What each chunk has, by taking all others away. */
async function linesByChunk(store: MemoryObjectStore, chunks: readonly string[]) {
  const lines = new Map<string, string[]>();
  for (const chunk of chunks) {
    const alone = await copyOf(store);
    for (const other of chunks) if (other !== chunk) await alone.delete(other);
    lines.set(chunk, (await linesOf(bucketOver(alone), chunk.split("/")[0]!)).lines);
  }
  return lines;
}

async function unpacked(store: MemoryObjectStore, key: string): Promise<Uint8Array> {
  return await portableCodecs.decompress(ENCODINGS.gzip, (await store.get(key))!, {
    sizeMax: 1 << 24,
  });
}

async function sameContent(
  a: MemoryObjectStore,
  b: MemoryObjectStore,
  key: string,
): Promise<boolean> {
  try {
    const [one, other] = [await unpacked(a, key), await unpacked(b, key)];
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
  } catch (error) {
    if (error instanceof Corrupt) return false;
    throw error;
  }
}
