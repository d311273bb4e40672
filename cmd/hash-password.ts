/** `lokits hash-password`: a password as the hash that `auth.users` takes. The password is never an argument. */
import { type ArgsDef, defineCommand } from "citty";
import { type HashOptions, hashPassword } from "../adapters/bun/password.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { writeStdout } from "./output.ts";
import { askSecret } from "./secret-prompt.ts";

const ALGORITHMS = ["argon2id", "bcrypt"] as const;

const args: ArgsDef = {
  algorithm: {
    type: "enum",
    options: [...ALGORITHMS],
    description: "Of the hash",
    default: "argon2id",
  },
  cost: {
    type: "string",
    valueHint: "COUNT",
    description: "Rounds: argon2id's passes (2), or the power of two of bcrypt's (12)",
  },
};

export const command = defineCommand({
  meta: {
    name: "hash-password",
    description: `Print a password's hash for auth.users of a server's configuration

It asks for the password on a terminal, and else reads it from standard input. Every push with a
password that the server has not seen for five minutes costs it one such hash.

Examples:
  lokits hash-password
  lokits hash-password --algorithm bcrypt < password.txt > /etc/lokits/grafana.hash

  auth:
    users:
      - {name: grafana, password_hash_file: /etc/lokits/grafana.hash, read: ['*']}`,
  },
  args,
  run: ({ rawArgs }) => run(rawArgs),
});

async function run(rawArgs: readonly string[]): Promise<number> {
  const flags = parseFlags(rawArgs, { args });
  if (flags.positionals.length > 0) {
    throw new UsageError(
      "a password on the command line is seen by everybody on this machine; it is asked for, or read from standard input",
    );
  }
  const options = hashOptions(flags.text("algorithm")!, flags.count("cost", 1));
  const password = process.stdin.isTTY ? await askTwice() : await fromStdin();
  if (password === undefined) return 130;
  checkPassword(password, options);
  await writeStdout(`${await hashPassword(password, options)}\n`);
  return 0;
}

/** Bounds that keep a sign-in between useless and minutes. */
const COSTS: Readonly<Record<HashOptions["algorithm"], readonly [least: number, most: number]>> = {
  argon2id: [2, 20],
  bcrypt: [10, 16],
};

function hashOptions(algorithm: string, cost: number | undefined): HashOptions {
  const name = ALGORITHMS.find((known) => known === algorithm)!;
  const [least, most] = COSTS[name];
  if (cost !== undefined && (cost < least || cost > most)) {
    throw new UsageError(`--cost is ${cost}, want ${least} to ${most} with ${name}`);
  }
  return { algorithm: name, cost: cost ?? { argon2id: 2, bcrypt: 12 }[name] };
}

async function askTwice(): Promise<string | undefined> {
  const first = await askSecret("password: ");
  if (first === undefined) return undefined;
  const second = await askSecret("again: ");
  if (second !== undefined && second !== first) throw new Error("the two passwords differ");
  return second;
}

/** Far above any password; whoever sends more has sent another file. */
const STDIN_BYTES_MAX = 4_096;

async function fromStdin(): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin) {
    pieces.push(piece as Buffer);
    size += (piece as Buffer).length;
    if (size > STDIN_BYTES_MAX) throw new Error(`more than ${STDIN_BYTES_MAX} bytes came`);
  }
  // The end of the line is echo's, not the password's.
  return decoded(Buffer.concat(pieces)).replace(/\r?\n$/, "");
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error("the password is no UTF-8, and sign-in takes nothing else");
  }
}

/** bcrypt looks at so many bytes and no further. */
const BCRYPT_BYTES_MAX = 72;

function checkPassword(password: string, { algorithm }: HashOptions): void {
  if (password === "") throw new Error("the password is empty");
  if (/[\r\n\0]/.test(password)) throw new Error("the password has more than one line");
  const size = new TextEncoder().encode(password).length;
  if (algorithm === "bcrypt" && size > BCRYPT_BYTES_MAX) {
    throw new Error(
      `the password has ${size} bytes, bcrypt takes ${BCRYPT_BYTES_MAX}; use argon2id`,
    );
  }
}
