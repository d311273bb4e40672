/** What operators see of a process that is alone: its rings, its modules, what it is, and the stop that flushes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, lokits, pushLines, type RunningServer, startServer } from "./testing/process.ts";

const now = () => BigInt(Date.now()) * 1_000_000n;

async function given(
  name: string,
  args: readonly string[],
  check: (server: RunningServer, cwd: string) => Promise<void>,
): Promise<void> {
  test(name, () =>
    inFolder(async (cwd) => {
      const server = await startServer(args, { cwd });
      await check(server, cwd);
      await server.stop();
    }),
  );
}

async function get({ url }: RunningServer, path: string, accept = "*/*") {
  const response = await fetch(url + path, { headers: { Accept: accept } });
  return { status: response.status, text: await response.text() };
}

async function membersOf(server: RunningServer, path: string) {
  return JSON.parse((await get(server, path, "application/json")).text).shards;
}

given("the rings of a process have it as their one member", [], async (server) => {
  const [member, ...others] = await membersOf(server, "/ring");
  assert.deepEqual(others, []);
  assert.deepEqual([member.id, member.state, member.zone], [hostname(), "ACTIVE", ""]);
  assert.match(member.address, /^[\d.]+:9095$/);
  assert.equal(new Set(member.tokens).size, 128);
  assert.ok(member.tokens.every((token: number) => token >= 0 && token < 2 ** 32));
  for (const path of ["/distributor/ring", "/compactor/ring", "/scheduler/ring"]) {
    const [own] = await membersOf(server, path);
    assert.deepEqual([own.id, own.state, own.tokens.length], [hostname(), "ACTIVE", 1], path);
  }
  for (const path of ["/indexgateway/ring", "/ruler/ring", "/pattern/ring"])
    assert.equal((await get(server, path)).status, 404, path);

  // Its page, which forgets nobody who lives.
  const page = (await get(server, "/ring")).text;
  assert.match(page, new RegExp(`<td>${hostname()}</td>.*<td>128</td><td>100\\.0%</td>`));
  assert.doesNotMatch(page, /<button/);
  const body = new URLSearchParams({ forget: hostname() });
  const request = { method: "POST", body, redirect: "manual" } as const;
  assert.equal((await fetch(`${server.url}/ring`, request)).status, 302);
  assert.equal((await membersOf(server, "/ring")).length, 1);
});

given(
  "a ring says what the configuration says of it",
  [
    ...[
      "-ingester.lifecycler.ID=me",
      "-ingester.lifecycler.addr=10.1.2.3",
      "-ingester.num-tokens=4",
    ],
    "-pattern-ingester.enabled",
    ...["-ingester.availability-zone=z", "-ingester.lifecycler.port=7", "-index-gateway.mode=ring"],
    "-distributor.ingestion-rate-limit-strategy=local",
  ],
  async (server) => {
    const [{ id, address, zone, tokens }] = await membersOf(server, "/ring");
    assert.deepEqual([id, address, zone, tokens.length], ["me", "10.1.2.3:7", "z", 4]);
    assert.match(
      (await get(server, "/distributor/ring")).text,
      /Not running with Global Rating Limit - ring not being used by the Distributor\./,
    );
    assert.match((await get(server, "/pattern/ring")).text, /no ring of pattern ingesters/);
    assert.equal((await get(server, "/indexgateway/ring")).status, 200);
  },
);

given(
  "the modules and the build are told as Loki's",
  ["-pattern-ingester.enabled"],
  async (server) => {
    const names = [
      ...["server", "store", "pattern-ingester", "ingester", "distributor", "querier"],
      ...["query-frontend", "compactor", "runtime-config"],
    ];
    const { text } = await get(server, "/services");
    assert.equal(text, names.map((name) => `${name} => Running\n`).join(""));

    const build = JSON.parse((await get(server, "/loki/api/v1/status/buildinfo")).text);
    assert.equal(build.version, "2.9.1");
    assert.match(build.revision, /^lokits-\d+\.\d+\.\d+$/);
    assert.match(build.goVersion, /^bun\d/);
    const line =
      (await get(server, "/metrics")).text.match(/^loki_build_info\{.*\} 1$/m)?.[0] ?? "";
    for (const label of [`version="2.9.1"`, `revision="${build.revision}"`, `goversion="bun`])
      assert.ok(line.includes(label), line);
  },
);

const PREPARE = "/ingester/prepare_shutdown";

test("a process that is prepared for its shutdown flushes, over a kill in between, and only once", async () => {
  await inFolder(async (cwd) => {
    const marker = join(cwd, "marker/shutdown-requested.txt");
    const args = ["-ingester.shutdown-marker-path=marker", "-ingester.flush-on-shutdown=false"];
    const first = await startServer(args, { cwd });
    const send = async (method: string) => (await fetch(first.url + PREPARE, { method })).status;
    assert.deepEqual(await get(first, PREPARE), { status: 200, text: "unset" });
    assert.equal(await send("POST"), 204);
    assert.deepEqual(await get(first, PREPARE), { status: 200, text: "set" });
    assert.equal(await send("DELETE"), 204);
    assert.equal(existsSync(marker), false);
    assert.equal(await send("DELETE"), 204);
    assert.equal(await send("POST"), 204);
    await pushLines(first.url, { app: "a" }, [[now(), "kept"]]);
    await first.stop("SIGKILL");
    assert.ok(existsSync(marker));

    const second = await startServer(args, { cwd });
    assert.equal((await get(second, PREPARE)).text, "set");
    assert.match((await get(second, "/metrics")).text, /^loki_ingester_shutdown_marker 1$/m);
    assert.equal(await second.stop(), 0);
    assert.equal(existsSync(marker), false);
    const store = ["--store", `file://${cwd}/lokits-data/chunks`];
    const found = await lokits(["query", '{app="a"}', ...store, "-o", "raw"]);
    assert.equal(found.stdout, "kept\n", found.stderr);
  });
});

test("a marker outlives a stop without a flush, and goes with one by hand", async () => {
  await inFolder(async (cwd) => {
    const marker = join(cwd, "lokits-data/shutdown-requested.txt");
    const stopped = async (flush: boolean) => {
      const server = await startServer([], { cwd });
      await fetch(server.url + PREPARE, { method: "POST" });
      const path = `/ingester/shutdown?terminate=false&flush=${flush}`;
      assert.equal((await fetch(server.url + path, { method: "POST" })).status, 204);
      assert.equal(await server.stop(), 0);
      return !existsSync(marker);
    };
    assert.equal(await stopped(false), false);
    assert.equal(await stopped(true), true);
  });
});

test("without a marker the stop leaves the lines to the WAL", async () => {
  await inFolder(async (cwd) => {
    const server = await startServer([], { cwd });
    await pushLines(server.url, { app: "a" }, [[now(), "kept"]]);
    assert.equal((await get(server, PREPARE)).text, "unset");
    assert.equal(await server.stop(), 0);
    assert.equal(existsSync(join(cwd, "lokits-data/chunks/fake")), false);
  });
});

test("-list-targets prints the targets and what they stand for, and starts nothing", async () => {
  await inFolder(async (cwd) => {
    const { code, stdout } = await lokits(["serve", "-list-targets"], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^all\n {2}distributor\n {2}ingester\n {2}querier\n/);
    assert.match(stdout, /^write\n {2}distributor\n {2}ingester\n(?! )/m);
    assert.match(stdout, /^index-gateway\n(?! )/m);
    assert.equal(existsSync(join(cwd, "lokits-data")), false);
  });
});
