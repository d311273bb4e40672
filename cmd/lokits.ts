/** The binary: names the subcommands and loads the one that is asked for. */
import { type ArgsDef, defineCommand, type ParsedArgs, renderUsage } from "citty"; // Help texts.
import { ACTIONS, COMMANDS } from "./commands.ts";
import { UsageError } from "./flags.ts";
import { VERSION } from "./version.ts";

/** Commands parse their line themselves. */
const NO_ARGS = { _: [] } as unknown as ParsedArgs<ArgsDef>;

const main = defineCommand({ meta: { name: "lokits", version: VERSION } });

// Not awaited here: as one file with bytecode (scripts/bundle.mjs) this is a CommonJS module.
run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

async function run(args: string[]): Promise<number> {
  const [name = "--help", ...rest] = await inOrder(args);
  if (name === "--version" || name === "-version") {
    console.log(`lokits, version ${VERSION}`);
    return 0;
  }
  if (name === "help" && rest.length > 0) return await (await import("./help.ts")).help(rest, run);
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(await overview());
    return 0;
  }
  const load = COMMANDS[name];
  if (load === undefined) {
    if (name.startsWith("-")) {
      console.error(`lokits: unknown flag '${name}', or no command after it, try --help`);
      return 2;
    }
    console.error(
      `lokits: expected command but got "${name}", one of ${Object.keys(COMMANDS).join(", ")}; try --help`,
    );
    return 2;
  }
  const command = await load(rest);
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(uncoloured(await renderUsage(command, main)));
    return 0;
  }
  const called = ACTIONS[name]?.includes(rest[0] ?? "") ? `${name} ${rest[0]}` : name;
  try {
    // Not runCommand: citty would parse the line too, and refuse it in other words than we do.
    const result = await command.run?.({ rawArgs: rest, args: NO_ARGS, cmd: command });
    return typeof result === "number" ? result : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`lokits ${called}: ${error.message}, try --help`);
      return 2;
    }
    console.error(`lokits ${called}: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env["LOKITS_DEBUG"] !== undefined && error instanceof Error)
      console.error(error.stack);
    return 1;
  }
}

async function inOrder(args: readonly string[]): Promise<readonly string[]> {
  if (args[0]?.startsWith("-") !== true) return args;
  return (await import("./command-first.ts")).commandFirst(args);
}

async function overview(): Promise<string> {
  const { described } = await import("./described.ts");
  const commands = (await described()).filter(({ name }) => COMMANDS[name] !== undefined);
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `lokits ${VERSION}: a log database that reads and writes Loki's buckets, and a CLI for buckets, servers and files

Usage: lokits COMMAND [options]

${lines.join("\n")}

lokits COMMAND --help has options and examples. Options for a server (--addr, --org-id, …) may stand before the command.`;
}

/** A help text is for people at a terminal, and as plain text for everything else. */
function uncoloured(text: string): string {
  if (process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined) return text;
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}
