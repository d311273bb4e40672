/** What every implementation of Codecs must do. Adapters call this with theirs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Corrupt } from "../model/errors.ts";
import { type Codecs, ENCODINGS, type EncodingName } from "./codecs.ts";

const SIZE_MAX = 1 << 20;
const NAMES = Object.keys(ENCODINGS) as EncodingName[];
/** Encodings that write nothing at all for nothing. */
const NOTHING_FOR_NOTHING: readonly EncodingName[] = ["none", "snappy", "zstd"];

export interface ContractOptions {
  /** The encodings that this implementation compresses: all by default. All are decompressed. */
  readonly writes?: readonly EncodingName[];
  /** Encodings without a checksum of their own, of which a runtime may give what there is when cut short. */
  readonly cutsUnseen?: readonly EncodingName[];
}

export function codecsContract(
  name: string,
  codecs: Codecs,
  { writes = NAMES, cutsUnseen = [] }: ContractOptions = {},
): void {
  for (const encoding of writes) {
    const number = ENCODINGS[encoding];
    const unpack = async (bytes: Uint8Array, sizeMax = SIZE_MAX) =>
      new Uint8Array(await codecs.decompress(number, bytes, { sizeMax }));

    test(`${name}: ${encoding} gives back what it was given`, async () => {
      for (const [title, text] of Object.entries(samples())) {
        const packed = await codecs.compress(number, text);
        assert.deepEqual(await unpack(packed), text, title);
        // The limit is inclusive, and a hint is only a hint.
        assert.deepEqual(await unpack(packed, text.length), text, title);
        for (const sizeHint of [0, 1, SIZE_MAX]) {
          const hinted = await codecs.decompress(number, packed, { sizeMax: SIZE_MAX, sizeHint });
          assert.deepEqual(new Uint8Array(hinted), text, title);
        }
      }
    });

    test(`${name}: ${encoding} writes Loki's form of nothing and reads no bytes as nothing`, async () => {
      const packed = await codecs.compress(number, new Uint8Array(0));
      assert.equal(packed.length === 0, NOTHING_FOR_NOTHING.includes(encoding));
      assert.equal((await unpack(packed, 0)).length, 0);
      assert.equal((await unpack(new Uint8Array(0), 0)).length, 0);
    });

    test(`${name}: ${encoding} refuses a bomb and a text one byte over the limit`, async () => {
      const bomb = await codecs.compress(number, new Uint8Array(16 << 20));
      await assert.rejects(unpack(bomb), Corrupt);
      const text = samples().lines;
      const packed = await codecs.compress(number, text);
      await assert.rejects(unpack(packed, text.length - 1), Corrupt);
    });

    if (encoding === "none") continue;
    test(`${name}: ${encoding} is Corrupt when cut short`, async () => {
      if (cutsUnseen.includes(encoding)) return;
      const packed = await codecs.compress(number, samples().short);
      for (let size = 1; size < packed.length; size++) {
        if (encoding === "snappy" && size === SNAPPY_IDENTIFIER_SIZE) continue; // A stream of nothing.
        await assert.rejects(unpack(packed.subarray(0, size)), Corrupt, `${size} bytes`);
      }
    });

    test(`${name}: ${encoding} never answers damage with anything but Corrupt or text`, async () => {
      const packed = await codecs.compress(number, samples().short);
      for (let bit = 0; bit < 8 * packed.length; bit++) {
        const damaged = packed.slice();
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        await unpack(damaged).catch((error: unknown) => {
          assert.ok(error instanceof Corrupt, `bit ${bit}: ${error}`);
        });
      }
    });
  }

  test(`${name}: gzip in pieces is one member of all of them`, async () => {
    const { noise, lines, one } = samples();
    const given: Record<string, Uint8Array[]> = {
      nothing: [],
      "no bytes": [new Uint8Array(0)],
      one: [one],
      several: [one, lines, new Uint8Array(0), noise, lines],
    };
    for (const [title, pieces] of Object.entries(given)) {
      const gzip = codecs.gzip();
      for (const piece of pieces) {
        const own = piece.slice();
        await gzip.write(own);
        // The bytes are ours again.
        own.fill(0);
      }
      const packed = await gzip.finish();
      const text = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
      const unpacked = await codecs.decompress(ENCODINGS.gzip, packed, { sizeMax: text.length });
      assert.ok(isSame(unpacked, text), title);
      // This one refuses a second member, by its definition.
      const stream = new Blob([packed as BlobPart])
        .stream()
        .pipeThrough(new DecompressionStream("gzip"));
      assert.ok(isSame(new Uint8Array(await new Response(stream).arrayBuffer()), text), title);
      const whole = await codecs.compress(ENCODINGS.gzip, text);
      assert.deepEqual(packed.subarray(0, 10), whole.subarray(0, 10), "Loki's header");
    }
  });

  test(`${name}: an encoding that is none is Corrupt`, () => {
    const dumb = 2 as (typeof ENCODINGS)["none"];
    assert.throws(() => codecs.decompress(dumb, new Uint8Array(1), { sizeMax: 1 }), Corrupt);
  });
}

/** Without telling where: that takes minutes for large ones. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

const SNAPPY_IDENTIFIER_SIZE = 10;

/** Texts on both sides of the sizes at which formats change their ways. */
function samples() {
  const noise = pseudoRandom(200_000);
  const words = ["level=info ", 'msg="order shipped" ', "trace_id=00ff ", "타임아웃 ", "\n"];
  let lines = "";
  for (let index = 0; lines.length < 150_000; index++) lines += words[noise[index]! % words.length];
  return {
    one: noise.slice(0, 1),
    fifteen: noise.slice(0, 15),
    sixteen: noise.slice(0, 16),
    short: new TextEncoder().encode("hello hello hello, this is a line that repeats a line"),
    same: new Uint8Array(70_000).fill(0x61),
    "two by two": Uint8Array.from({ length: 5000 }, (_, index) => index & 1),
    piece: noise.slice(0, 65_536),
    noise,
    lines: new TextEncoder().encode(lines),
  };
}

function pseudoRandom(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 88_172_645;
  for (let index = 0; index < size; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
