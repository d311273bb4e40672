/** `lokits hash-password` as a user runs it, and what a terminal's keys make. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SecretLine } from "./secret-prompt.ts";
import { lokits } from "./testing/process.ts";

const hash = (stdin: string | Uint8Array, ...args: string[]) =>
  lokits(["hash-password", ...args], { stdin });

test("the password of standard input becomes a hash that verifies it", async () => {
  const { code, stdout } = await hash("open sesame");
  assert.equal(code, 0);
  assert.match(stdout, /^\$argon2id\$v=19\$m=65536,t=2,p=1\$\S+\n$/);
  assert.ok(await Bun.password.verify("open sesame", stdout.trim()));
});

test("bcrypt and the cost are chosen by options; the end of the line is no part of the password", async () => {
  for (const end of ["", "\n", "\r\n"]) {
    const { stdout } = await hash(`ß:pass${end}`, "--algorithm", "bcrypt", "--cost", "10");
    assert.match(stdout, /^\$2b\$10\$[./A-Za-z0-9]{53}\n$/);
    assert.ok(await Bun.password.verify("ß:pass", stdout.trim()));
  }
});

test("what would be no password, or too weak a hash, is refused, and the password is not shown", async () => {
  const cases: [stdin: string | Uint8Array, args: string[], code: number, message: RegExp][] = [
    ["", [], 1, /the password is empty/],
    ["\n", [], 1, /the password is empty/],
    ["hunter2\nhunter2\n", [], 1, /more than one line/],
    [new Uint8Array([0xff, 0xfe]), [], 1, /no UTF-8/],
    ["hunter2".repeat(11), ["--algorithm=bcrypt"], 1, /has 77 bytes, bcrypt takes 72/],
    ["hunter2".repeat(1000), [], 1, /more than 4096 bytes/],
    ["hunter2", ["hunter2"], 2, /on the command line is seen/],
    ["hunter2", ["--algorithm=md5"], 2, /argon2id/],
    ["hunter2", ["--algorithm=bcrypt", "--cost=4"], 2, /--cost is 4, want 10 to 16/],
    ["hunter2", ["--cost=99"], 2, /--cost is 99, want 2 to 20/],
  ];
  for (const [stdin, args, code, message] of cases) {
    const finished = await hash(stdin, ...args);
    assert.equal(finished.code, code, String(message));
    assert.match(finished.stderr, message);
    assert.equal(finished.stdout, "");
    assert.doesNotMatch(finished.stderr, /hunter2/);
  }
});

test("SecretLine takes keys until the line ends", () => {
  const typed = (...keys: string[]) => {
    const line = new SecretLine();
    return keys.map((each) => line.type(each)).at(-1);
  };
  assert.deepEqual(typed("a", "b", "\r"), { text: "ab" });
  assert.deepEqual(typed("pasted all at once\n"), { text: "pasted all at once" });
  assert.deepEqual(typed("aß\x7f\x7fc\r"), { text: "c" });
  assert.deepEqual(typed("wrong\x15right\r"), { text: "right" });
  assert.deepEqual(typed("\x7f\r"), { text: "" });
  assert.equal(typed("a\x03"), "interrupted");
  assert.equal(typed("\x04"), "interrupted");
  assert.equal(typed("abc"), undefined);
});
