/** The binary: names the subcommands and loads the one that is asked for. */
import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty"; // Routing and help texts.
import { UsageError } from "./flags.ts";
import { VERSION } from "./version.ts";

/** Each with the arguments after its name, of which the first may choose among commands of that name. */
const subCommands: Record<string, (args?: readonly string[]) => Promise<CommandDef>> = {
  serve: async () => (await import("./serve.ts")).command,
  query: async () => (await import("./query.ts")).command,
  tail: async () => (await import("./tail.ts")).command,
  ingest: async () => (await import("./ingest.ts")).command,
  compact: async (args = []) => (await import("./compact.ts")).commandOf(args),
  "wal-replay": async () => (await import("./wal-replay.ts")).command,
};

const main = defineCommand({
  meta: {
    name: "lokits",
    version: VERSION,
    description:
      "Grafana Loki as one small program: a log database, and a CLI for buckets, servers and files",
  },
  subCommands,
});

process.exitCode = await run(process.argv.slice(2));

async function run(args: string[]): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--version" || name === "-version") {
    console.log(`lokits, version ${VERSION}`);
    return 0;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(await renderUsage(main));
    return 0;
  }
  const load = subCommands[name];
  if (load === undefined) {
    console.error(
      `lokits: expected command but got "${name}", one of ${Object.keys(subCommands).join(", ")}; try --help`,
    );
    return 2;
  }
  const command = await load(rest);
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(await renderUsage(command, main));
    return 0;
  }
  try {
    const { result } = await runCommand(command, { rawArgs: rest });
    return typeof result === "number" ? result : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`lokits ${name}: ${error.message}, try --help`);
      return 2;
    }
    console.error(`lokits ${name}: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env["LOKITS_DEBUG"] !== undefined && error instanceof Error)
      console.error(error.stack);
    return 1;
  }
}
