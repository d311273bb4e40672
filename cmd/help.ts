/** `lokits help COMMAND` and logcli's `--help-long`: the help of one command, or of all of them. */
import { ACTIONS, COMMANDS } from "./commands.ts";

/** `show` prints the help of a command line and gives its exit code. */
export async function help(
  words: readonly string[],
  show: (args: string[]) => Promise<number>,
): Promise<number> {
  if (words[0] !== "--long") return await show([...words, "--help"]);
  let code = await show(["--help"]);
  for (const name of Object.keys(COMMANDS)) {
    // Words of delete and completion are told in the help of the command itself.
    const own = name === "compact" ? (ACTIONS[name] ?? []) : [];
    for (const line of [[name], ...own.map((action) => [name, action])])
      code = Math.max(code, await show([...line, "--help"]));
  }
  return code;
}
