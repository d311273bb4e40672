import assert from "node:assert/strict";
import { test } from "node:test";
import { readFlags } from "./flags.ts";

const HELP = "\nRun with -help to get list of available parameters";

function given(args: string[], path: string, wanted: unknown): void {
  test(`${args.join(" ")} sets ${path}`, () => {
    assert.deepEqual(readFlags(args).layer.get(path), wanted);
  });
}

function refused(args: string[], message: string): void {
  test(`${args.join(" ")} is refused`, () => {
    assert.throws(() => readFlags(args), {
      name: "ConfigError",
      kind: "flag",
      message: message + HELP,
    });
  });
}

given(["-target=all"], "target", "all");
given(["-target", "querier,ruler"], "target", "querier,ruler");
given(["--server.http-listen-port", "80"], "server.http_listen_port", 80);
given(["--server.http-listen-port=80"], "server.http_listen_port", 80);
given(["-auth.enabled=false"], "auth_enabled", false);
given(["-auth.enabled"], "auth_enabled", true);
given(["-ring.store=inmemory"], "ingester.lifecycler.ring.kvstore.store", "inmemory");
given(["-distributor.replication-factor=1"], "ingester.lifecycler.ring.replication_factor", 1);
given(["-memberlist.join=a", "-memberlist.join=b"], "memberlist.join_members", ["a", "b"]);
given(["-memberlist.join=a,b"], "memberlist.join_members", ["a", "b"]);
given(["-boltdb.shipper.compactor.working-directory=/c"], "compactor.working_directory", "/c");
given(["-store.retention=30d"], "limits_config.retention_period", 2_592_000_000_000_000n);
given(["-ingester.chunks-idle-period=1h"], "ingester.chunk_idle_period", 3_600_000_000_000n);
given(["-ingester.wal-replay-memory-ceiling=1GB"], "ingester.wal.replay_memory_ceiling", 2 ** 30);
given(["-log.level="], "server.log_level", "");

refused(["-foo.bar"], "flag provided but not defined: -foo.bar");
refused(
  ["-server.http-listen-prt=1"],
  "flag provided but not defined: -server.http-listen-prt, did you mean -server.http-listen-port?",
);
refused(
  ["-config.fil=x"],
  "flag provided but not defined: -config.fil, did you mean -config.file?",
);
refused(
  ["-server.http-listen-port=abc"],
  'invalid value "abc" for flag -server.http-listen-port: parse error',
);
refused(["-auth.enabled=maybe"], 'invalid boolean value "maybe" for -auth.enabled: parse error');
refused(["-verify-config=maybe"], 'invalid boolean value "maybe" for -verify-config: parse error');
refused(
  ["-store.retention=30"],
  'invalid value "30" for flag -store.retention: not a valid duration string: "30"',
);
refused(["-target"], "flag needs an argument: -target");
refused(["all"], "unexpected argument: all");
refused(["---target=x"], "bad flag syntax: ---target=x");

test("readFlags() keeps what is said to the process apart", () => {
  const { layer, process } = readFlags(["-config.file=a,b", "-verify-config", "-target=all"]);
  assert.deepEqual(process, { "config.file": "a,b", "verify-config": "true" });
  assert.deepEqual([...layer], [["target", "all"]]);
});
