/** A command line that is shown has no secret in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAGS } from "../../core/config/keys.ts";
import { shownCommandLine } from "./command-line.ts";

const MASK = "********";

function given(args: readonly string[], want: readonly string[]): void {
  assert.deepEqual(shownCommandLine(args), want);
}

test("values of flags are shown, secrets are not, however they are given", () => {
  given(["bun", "lokits.ts", "serve"], ["bun", "lokits.ts", "serve"]);
  given(["-target=all", "-config.expand-env", "x"], ["-target=all", "-config.expand-env", "x"]);
  given(["-s3.secret-access-key=a=b"], [`-s3.secret-access-key=${MASK}`]);
  given(["--s3.secret-access-key=a"], [`--s3.secret-access-key=${MASK}`]);
  given(
    ["-s3.secret-access-key", "a", "-target", "all"],
    ["-s3.secret-access-key", MASK, "-target", "all"],
  );
  given(["-s3.secret-access-key", "-a=b"], ["-s3.secret-access-key", MASK]);
  given(["-s3.secret-access-key="], ["-s3.secret-access-key="]);
});

test("passwords in URLs are hidden wherever they stand", () => {
  given(["-s3.url=s3://key:pass@host/b"], [`-s3.url=s3://key:${MASK}@host/b`]);
  given(["-s3.url", "s3://key:pass@host/b"], ["-s3.url", `s3://key:${MASK}@host/b`]);
});

test("no secret flag of the schema shows its value", () => {
  const secrets = [...FLAGS].filter(([, { type }]) => type === "secret").map(([name]) => name);
  assert.ok(secrets.length > 10, String(secrets.length));
  for (const name of secrets) {
    const shown = shownCommandLine([`-${name}=sesame`, `-${name}`, "sesame"]);
    assert.doesNotMatch(shown.join(" "), /sesame/, name);
  }
});
