/** The seed's way in, for both adapters: a role and a token file (IRSA), and the four rights of its policy. */
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Unavailable } from "../../core/model/errors.ts";
import type { ObjectStore } from "../../core/ports/object-store.ts";
import { readS3Settings, type S3Settings } from "../../core/remote/s3-settings.ts";
import { Random } from "../../core/sim/random.ts";
import { enforceRights, listenToSts, makeRole, ROLE_ARN } from "./aws-account.ts";
import { startMoto } from "./moto.ts";

export interface WebIdentityPlace {
  readonly roleArn: string;
  readonly tokenFile: string;
  readonly stsEndpoint: string;
}

/** `renews` tells that keys about to end are renewed at the next request. */
export function webIdentityTests(
  name: string,
  make: (settings: S3Settings, place: WebIdentityPlace) => ObjectStore,
  { renews }: { renews: boolean },
): void {
  test(`${name}: with a role, a token file and the seed's four rights all works`, async (t) => {
    const moto = await startMoto();
    if (moto === undefined) return t.skip("moto is not installed: pip install 'moto[server]'");
    const sts = await listenToSts(moto);
    try {
      await moto.makeBucket("my-logs");
      await moto.makeBucket("not-mine");
      await makeRole(moto, "my-logs");
      const tokenFile = join(await mkdtemp(join(tmpdir(), "lokits-irsa-")), "token");
      await writeFile(tokenFile, "token-1");
      const place = { roleArn: ROLE_ARN, tokenFile, stsEndpoint: sts.endpoint };
      const open = (bucketnames: string) => {
        const options = { endpoint: moto.endpoint, region: "us-east-1", bucketnames };
        const backoff_config = { min_period: 5, max_period: 50, max_retries: 3 };
        return make(readS3Settings({ ...options, backoff_config }), place);
      };
      const store = open("my-logs");
      const other = open("not-mine");

      // Keys that end in a minute are due: who renews in time asks STS again, with the token of the day.
      if (renews) sts.lifeMs = 60_000;
      assert.equal(await store.get("fake/a"), undefined);
      assert.deepEqual([...new Set(sts.tokens)], ["token-1"]);
      sts.lifeMs = undefined;
      await writeFile(tokenFile, "token-2\n");
      const asked = sts.tokens.length;
      assert.equal(await store.get("fake/a"), undefined);
      // The exchange may go on behind the answer, with keys that still hold.
      for (let tries = 0; renews && tries < 100 && sts.tokens.length <= asked; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (renews) assert.ok(sts.tokens.length > asked, `${sts.tokens.length} exchanges`);
      assert.deepEqual(await other.folders(""), { folders: [], objects: [] });
      assert.deepEqual(await Array.fromAsync(store.list("")), []);

      // moto 5.2 takes a listing's query for its body, so that no signature of one fits: none below.
      await enforceRights(moto);
      const big = new Random(1).bytes(9 * 1024 * 1024);
      assert.equal(await store.put("fake/a", new Uint8Array(3)), true);
      assert.equal(await store.put("lease", new Uint8Array(1), { ifAbsent: true }), true);
      assert.equal(await store.put("lease", new Uint8Array(1), { ifAbsent: true }), false);
      assert.equal(await store.put("fake/big", big), true);
      assert.equal((await store.get("fake/big"))?.length, big.length);
      assert.equal((await store.get("fake/a", { range: { offset: 1, size: 9 } }))?.length, 2);
      assert.equal(await store.get("fake/none"), undefined);
      await store.delete("fake/a");
      assert.equal(await store.get("fake/a"), undefined);

      // The rights are those of the policy, and are looked at.
      await assert.rejects(other.put("fake/a", big.subarray(0, 9)), (error: unknown) => {
        assert.ok(error instanceof Unavailable, String(error));
        assert.match(
          error.message,
          /^put fake\/a in bucket not-mine: AccessDenied.*\(status 403\)$/,
        );
        return true;
      });
    } finally {
      await sts.close();
      await moto.close();
    }
  });
}
