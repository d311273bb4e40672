import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { toHex, utf8 } from "../bytes/text.ts";
import { Random } from "../sim/random.ts";
import { md5 } from "./md5.ts";

test("md5() gives the digests of RFC 1321", () => {
  const cases = {
    "": "d41d8cd98f00b204e9800998ecf8427e",
    a: "0cc175b9c0f1b6a831c399e269772661",
    abc: "900150983cd24fb0d6963f7d28e17f72",
    "message digest": "f96b697d7cb7938d525a2f31aaf161d0",
    abcdefghijklmnopqrstuvwxyz: "c3fcd3d76192e4007dfb496cca67e13b",
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:
      "d174ab98d277d9f5a5611c2c9f419d9f",
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890":
      "57edf4a22be3c955ac49da2e2107b67a",
  };
  for (const [text, digest] of Object.entries(cases)) assert.equal(toHex(md5(utf8(text))), digest);
});

test("md5() agrees with the runtime's at every size around its blocks", () => {
  const random = new Random(1);
  for (let size = 0; size < 200; size++) {
    const bytes = random.bytes(size);
    assert.equal(toHex(md5(bytes)), createHash("md5").update(bytes).digest("hex"), `${size} bytes`);
  }
});
