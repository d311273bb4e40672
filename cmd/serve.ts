/** `lokits serve`: the daemon. Its flags are Loki's own, so they are read by the configuration, not by citty. */
import { defineCommand } from "citty";
import { ConfigError } from "../core/config/config-error.ts";
import { print } from "./output.ts";
import { targetProblem, targetsPage } from "./targets.ts";
import { type App, startApp } from "./wire/app.ts";
import { loadSettings, type VerifiedSettings } from "./wire/config.ts";
import { stderrJournal } from "./wire/journal.ts";
import { fileProblems } from "./wire/start-files.ts";
import { storesProblem } from "./wire/store-config.ts";

export const command = defineCommand({
  meta: {
    name: "serve",
    description: `Take, keep and query logs

Without a configuration it listens on 127.0.0.1:3100 and keeps everything under ./lokits-data.
Loki's configuration files and flags work as they are:

Examples:
  lokits serve
  lokits serve -config.file=/etc/loki/config.yaml -config.expand-env
  lokits serve -config.file=/etc/loki/config.yaml -verify-config
  lokits serve -server.http-listen-port=3200 -print-config-stderr`,
  },
  run: ({ rawArgs }) => serve(rawArgs),
});

async function serve(rawArgs: readonly string[]): Promise<number> {
  const settings = await loadSettings(rawArgs).catch(refused);
  if (typeof settings === "number") return settings;
  if (settings.verifyOnly) return checked(settings);
  const missing = targetProblem(settings.target);
  if (missing !== undefined) return failed(new Error(missing), settings.logFormat);
  const started = performance.now();
  const app = await startApp(settings).catch((error) => failed(error, settings.logFormat));
  if (typeof app === "number") return app;
  // Before anybody is told that it has started: a supervisor may ask it to stop right then.
  const asked = untilAskedToStop(app);
  if (settings.zeroConfig) welcome(app.url, settings.dataDir);
  app.journal.log("info", "lokits started", {
    url: app.url,
    startup_ms: Math.round(performance.now() - started),
  });
  await asked;
  app.journal.log("info", "stopping", { delay_ms: settings.shutdownDelayMs });
  app.leave();
  // Whoever routes requests here sees it at /ready and has this long to send them elsewhere.
  if (settings.shutdownDelayMs > 0) await Bun.sleep(settings.shutdownDelayMs);
  try {
    await app.stop();
  } catch (error) {
    // The log of writes has what was not stored, and the next start takes it up.
    app.journal.log("error", "lokits stopped, and not all was done that a stop does", {
      err: error,
    });
    return 1;
  }
  app.journal.log("info", "lokits stopped");
  return 0;
}

/** Tells what is wrong as Loki does, and gives the exit code: 2 for a flag, 1 for the rest. */
function refused(error: unknown): number {
  if (!(error instanceof ConfigError)) return failed(error);
  if (error.kind === "values") {
    stderrJournal().log("error", "validating config", { err: error.message });
  } else console.error(error.message);
  return error.kind === "flag" ? 2 : 1;
}

/** Told as everything else is: whoever gathers the log of a process looks for its level. */
function failed(error: unknown, format?: "logfmt" | "json"): number {
  stderrJournal("error", format).log("error", "error running lokits", {
    err: error instanceof Error ? error.message : String(error),
  });
  return 1;
}

async function checked(settings: VerifiedSettings): Promise<number> {
  const { loaded, warnings, logFormat, target } = settings;
  const journal = stderrJournal("info", logFormat);
  for (const warning of warnings) journal.log("warn", warning);
  if (!loaded.listTargets) {
    // Valid it is, as in Loki, and the start would still end at once.
    const problems = [
      ...[targetProblem(target), storesProblem(loaded.config)],
      ...(await fileProblems(settings)),
    ];
    for (const missing of problems) {
      if (missing !== undefined) journal.log("warn", `a start would fail: ${missing}`);
    }
    journal.log("info", "config is valid");
  } else {
    await print([targetsPage({ legacy: loaded.config.bool("legacy_read_target") })]);
    console.error("this release starts only -target=all: one process, without the ruler");
  }
  return 0;
}

/** What a newcomer needs to see something. */
function welcome(url: string, dataDir: string): void {
  console.error(`lokits listens on ${url} and keeps its data in ${dataDir}

  Send a line:
    curl -H 'Content-Type: application/json' ${url}/loki/api/v1/push -d \\
      "{\\"streams\\":[{\\"stream\\":{\\"app\\":\\"hello\\"},\\"values\\":[[\\"$(date +%s%N)\\",\\"it works\\"]]}]}"
  Find it:
    npx lokits query '{app="hello"}'
`);
}

async function untilAskedToStop(app: App): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
    // Loki is killed by it: files that change are read again without being told to.
    process.once("SIGHUP", () => resolve());
    void app.asked.then(resolve);
  });
  // A second signal ends the process at once: the WAL has what was acknowledged.
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}
