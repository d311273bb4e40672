/**
 * The one composition root of a server: settings and this machine's parts in, a running process out.
 * Order of start: store, ingester with its replay, HTTP. Order of stop: the reverse, so that whoever is
 * being answered is answered before its data goes away.
 */
import { hostname } from "node:os";
import { bunProfiler } from "../../adapters/bun/profiler.ts";
import { upgrade } from "../../adapters/bun/serve.ts";
import { makeApp } from "../../core/http/app.ts";
import { type LineJournal, makeJournal } from "../../core/http/journal.ts";
import type { IngesterAdmin, ShutdownMarker } from "../../core/http/services.ts";
import { Ingester } from "../../core/ingester/ingester.ts";
import { IngesterLife } from "../../core/ingester/lifecycle.ts";
import { IngesterSource } from "../../core/ingester/source.ts";
import { Querier } from "../../core/querier/service.ts";
import { makeAdmin } from "./admin.ts";
import { askedSources } from "./asked-sources.ts";
import { openEntrance } from "./auth.ts";
import { makeChunkFolder } from "./chunk-folder.ts";
import { shownCommandLine } from "./command-line.ts";
import { startCompactor } from "./compactor.ts";
import type { AppSettings } from "./config.ts";
import { openDeletes } from "./deletes.ts";
import { meteredPusher, openMetrics, watch } from "./metrics.ts";
import { openPatterns } from "./patterns.ts";
import { reloadLimits } from "./reload-limits.ts";
import { ownRings } from "./ring.ts";
import { runtime } from "./runtime.ts";
import { fetchBounds, ServedStore } from "./served-store.ts";
import { isPrepared, openShutdownMarker, stopIngester } from "./shutdown-marker.ts";
import { startRateStore } from "./stream-rates.ts";
import { limitsPage } from "./tenant-page.ts";
import { openTracer } from "./tracing.ts";
import { openWalFolder } from "./wal-folder.ts";

export interface App {
  readonly url: string;
  readonly journal: LineJournal;
  /** Resolves when a request asked the process to end. */
  readonly asked: Promise<void>;
  /** From now on /ready says that this process is about to stop, and everything else goes on. */
  leave(): void;
  stop(): Promise<void>;
}

/** What was begun and would keep the process alive, last things last. */
type Undo = (() => unknown)[];

export async function startApp(settings: AppSettings): Promise<App> {
  const undo: Undo = [];
  try {
    return await begin(settings, undo);
  } catch (error) {
    for (const each of undo.reverse()) await each();
    throw error;
  }
}

async function begin(settings: AppSettings, undo: Undo): Promise<App> {
  const { clock, codecs, search } = runtime;
  const { config } = settings.loaded;
  const metrics = openMetrics(config);
  const write = (line: string) => process.stderr.write(`${line}\n`);
  const journal = makeJournal({
    clock,
    level: settings.logLevel,
    format: settings.logFormat,
    write,
    meter: metrics,
    callers: true,
  });
  for (const warning of settings.warnings) journal.log("warn", warning);

  const { schema, limits, storage } = settings;
  await makeChunkFolder(config, schema);
  const uploader = `${settings.instanceId ?? hostname()}-${clock.now()}`;
  const store = new ServedStore({ config, storage, limits, journal, meter: metrics, uploader });
  const { buckets } = store;
  const patterns = openPatterns(config, clock);
  const ingester = new Ingester({
    observe: patterns?.observe.bind(patterns),
    settings: settings.ingester,
    schema,
    limits,
    codecs,
    clock,
    journal,
    meter: metrics,
  });
  const wal = settings.ingester.wal.enabled
    ? await openWalFolder(settings.walDir, journal)
    : undefined;
  undo.push(() => wal?.release());
  const life = new IngesterLife(ingester, buckets, wal?.disk);
  const deletes = await openDeletes(settings, { journal, metrics });
  const querier = new Querier({
    sources: askedSources(config, {
      ...{ ingester: new IngesterSource(ingester), store: buckets.source },
    }).map(deletes.through),
    follow: (tenant, matchers) => ingester.tailers.follow(tenant, matchers),
    ...{ limits, search, clock, fetch: fetchBounds(config) },
  });

  const leaving = { now: false };
  let askToStop = () => {};
  const asked = new Promise<void>((resolve) => {
    askToStop = resolve;
  });
  const reloading = new AbortController();
  undo.push(() => reloading.abort());
  const marker = openShutdownMarker(config.text("ingester.shutdown_marker_path"), metrics);
  if (await isPrepared(marker, journal))
    journal.log("info", "prepared for shutdown: the next stop flushes");
  const tracer = await openTracer(config);
  const entrance = await openEntrance(config, {
    ...{ tenants: settings.http, journal, meter: metrics, signal: reloading.signal },
  });
  const services = {
    ...(tracer === undefined ? {} : { tracer }),
    streamRates: startRateStore(ingester, {
      ...{ config, clock, journal, meter: metrics, signal: reloading.signal },
    }),
    chunkAgeMaxMs: config.ms("ingester.max_chunk_age"),
    pusher: meteredPusher(ingester, metrics),
    query: querier,
    ingester: ingesterAdmin(life, { journal, askToStop, marker }),
    rings: ownRings(config, life),
    limitsPage: limitsPage(settings.loaded, limits),
    ...{ profiler: bunProfiler(clock), commandLine: shownCommandLine(process.argv) },
    ...(patterns === undefined ? {} : { patterns }),
    admin: makeAdmin(settings, { life, journal, leaving }),
    ...{ limits, clock, codecs, journal, metrics, upgrade },
    gate: entrance.gate,
  };
  const web = makeApp(services, settings.http, deletes.routes);

  // The door opens before the replay, so that /ready can tell how far it is; pushes wait behind it.
  const server = await entrance.listen({
    hostname: settings.http.address,
    port: settings.http.port,
    fetch: (request, env) => web.fetch(request, env as object),
    // Bodies are bounded where they are read, and refused with a word; what nobody reads is not held.
    bodyBytesMax: Number.MAX_SAFE_INTEGER,
    idleMs: config.ms("server.http_server_idle_timeout"),
    writeMs: config.ms("server.http_server_write_timeout"),
    failed: (error) => journal.log("error", "request failed", { err: error }),
  });
  undo.push(() => server.stop(0));
  await store.start();
  watch(metrics, { ingester, life }, server.connections);
  await life.start();
  const compactor = startCompactor(settings, {
    ...{ buckets, requests: deletes.requests, journal, meter: metrics },
  });
  void reloadLimits(limits, {
    ...{ everyMs: settings.limitsReloadMs, clock, journal, meter: metrics },
    signal: reloading.signal,
  });
  return {
    url: server.url,
    journal,
    asked,
    leave: () => {
      leaving.now = true;
    },
    stop: async () => {
      leaving.now = true;
      reloading.abort();
      await Promise.all([server.stop(settings.gracefulStopMs), compactor.stop()]);
      const prepared = await isPrepared(marker, journal);
      const flush = prepared || settings.ingester.wal.flushOnShutdown;
      await stopIngester(life, { flush, marker, journal });
      wal?.release();
      await store.close();
      await deletes.close();
      await tracer?.close();
    },
  };
}

interface IngesterAdminParts {
  readonly journal: LineJournal;
  readonly askToStop: () => void;
  readonly marker: ShutdownMarker | undefined;
}

function ingesterAdmin(
  life: IngesterLife,
  { journal, askToStop, marker }: IngesterAdminParts,
): IngesterAdmin {
  return {
    ...(marker === undefined ? {} : { shutdownMarker: marker }),
    flush: () => {
      life.flusher
        .sweep({ force: true })
        .catch((error) => journal.log("error", "flush failed", { err: error }));
    },
    shutdown: async ({ flush, terminate }) => {
      if (life.phase.name === "stopping" || life.phase.name === "stopped") return false;
      await stopIngester(life, { flush, marker, journal });
      if (terminate) askToStop();
      return true;
    },
  };
}
