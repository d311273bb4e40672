/** Does the assembler make modules that run, and does CRC-32C give one answer by both of its ways? */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bug } from "../model/errors.ts";
import { crc32c, crc32cPlain } from "./crc32c.ts";
import { assemble, startKernel } from "./wat.ts";

const FACTORIAL = `
(module (memory (export "memory") 1)
  ;; Counts down, and notes the result in memory.
  (func $times (param $a i32) (param $b i32) (result i32) (i32.mul (local.get $a) (local.get $b)))
  (func (export "factorial") (param $n i32) (result i32)
    (local $product i32)
    (local.set $product (i32.const 1))
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $n)))
      (local.set $product (call $times (local.get $product) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
    (if (i32.gt_u (local.get $product) (i32.const 100))
      (then (i32.store offset=4 (i32.const 8) (local.get $product)))
      (else (i32.store8 (i32.const 12) (i32.const 0xff))))
    (local.get $product)))`;

test("startKernel() runs calls, loops, branches and stores", () => {
  const started = startKernel(FACTORIAL);
  assert.ok(started);
  const factorial = started["factorial"] as (n: number) => number;
  const memory = new Uint32Array((started["memory"] as WebAssembly.Memory).buffer);
  assert.equal(factorial(5), 120);
  assert.equal(memory[3], 120);
  assert.equal(factorial(3), 6);
  assert.equal(memory[3], 255);
});

test("assemble() writes constants at the edges of their bytes", () => {
  for (const value of [0, 1, -1, 63, 64, -64, -65, 127, 128, 2 ** 31 - 1, -(2 ** 31), 0xa282ead8]) {
    const started = startKernel(`(module (func (export "f") (result i32) (i32.const ${value})))`);
    assert.ok(started);
    assert.equal((started["f"] as () => number)(), value | 0, String(value));
  }
});

test("assemble() throws Bug on what it does not know", () => {
  const given = (text: string) => assert.throws(() => assemble(text), Bug, text);
  given("(module (func (f32.add (f32.const 1) (f32.const 2))))");
  given("(module (func (local.get $nobody)))");
  given("(module (func (br $nowhere)))");
  given("(module (func (call $nobody)))");
  given("(module (func (local $a f64)))");
  given("(module (func)");
  given("(module))");
});

test("crc32c() and crc32cPlain() agree at every length, offset and seed", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) >> 3);
  for (const size of [0, 1, 15, 16, 17, 511, 512, 513, 1000, 49_151, 49_152, 49_153, 69_990]) {
    for (const [start, seed] of [
      [0, 0],
      [3, 0],
      [10, 0x9abcdef0],
    ] as const) {
      const [fast, plain] = [crc32c, crc32cPlain].map((f) => f(bytes, start, start + size, seed));
      assert.equal(fast, plain, `${size} bytes from ${start}`);
    }
  }
});
