/** The command line as it may be shown: secrets masked as in `/config`. */
import { FLAGS, isScalar } from "../../core/config/keys.ts";
import { maskSecret, maskUrls } from "../../core/config/mask.ts";

export function shownCommandLine(args: readonly string[]): string[] {
  const shown: string[] = [];
  /** Whether what stands here is the value of a secret flag before it. */
  let isSecret = false;
  for (const arg of args) {
    const [, dashes, name, value] = /^(--?)([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (isSecret || name === undefined) {
      shown.push(isSecret ? maskSecret(arg) : maskUrls(arg));
      isSecret = false;
      continue;
    }
    const type = FLAGS.get(name)?.type;
    const hides = type !== undefined && isScalar(type) && type === "secret";
    isSecret = hides && value === undefined;
    if (value === undefined) shown.push(arg);
    else shown.push(`${dashes}${name}=${hides ? maskSecret(value) : maskUrls(value)}`);
  }
  return shown;
}
