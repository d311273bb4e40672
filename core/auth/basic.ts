/**
 * Users with passwords. A hash is slow on purpose, and an agent comes with every push, so a password that
 * was right is known again by a digest for a while. Only what a hash has confirmed gets in there, under a
 * digest of user and password together, so that a wrong password can neither be remembered nor hit
 * another user's entry.
 */
import { toHex } from "../bytes/text.ts";
import { Unavailable } from "../model/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { PasswordCheck } from "../ports/sign-in.ts";
import { sha256 } from "./digest.ts";
import type { Grants } from "./grants.ts";

export interface User {
  readonly name: string;
  /** bcrypt or argon2. */
  readonly passwordHash: string;
  readonly grants: Grants;
}

/** How long a confirmed password is known without its hash. */
const REMEMBER_MS = 5 * 60_000;
const REMEMBERED_MAX = 1_000;

/** Hashes at work at once: each may take 64 MiB and a core; and how many requests may wait for one. */
const AT_WORK_MAX = 2;
const WAITING_MAX = 64;

export class Passwords {
  readonly #users: ReadonlyMap<string, User>;
  readonly #check: PasswordCheck;
  readonly #clock: Clock;
  /** Of the process, so that a digest in memory is of no use elsewhere. */
  readonly #salt: string;
  readonly #confirmedUntilMs = new Map<string, number>();
  #atWork = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    users: readonly User[],
    parts: { readonly check: PasswordCheck; readonly clock: Clock; readonly salt: string },
  ) {
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#check = parts.check;
    this.#clock = parts.clock;
    this.#salt = parts.salt;
  }

  knows(name: string): boolean {
    return this.#users.has(name);
  }

  /** The user whose password was confirmed a short while ago: costs next to nothing. */
  async recall(name: string, password: string): Promise<User | undefined> {
    const user = this.#users.get(name);
    const key = await this.#key(name, password);
    const untilMs = this.#confirmedUntilMs.get(key);
    return untilMs !== undefined && this.#clock.ticksMs() < untilMs ? user : undefined;
  }

  /** Undefined for an unknown user and for a wrong password; both take as long. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const user = this.#users.get(name);
    const hash = (user ?? (await this.#standIn(name)))?.passwordHash;
    if (hash === undefined) return undefined;
    await this.#begin();
    try {
      const right = await this.#check.verify(password, hash);
      if (!right || user === undefined) return undefined;
    } finally {
      this.#end();
    }
    this.#remember(await this.#key(name, password));
    return user;
  }

  /**
   * Whose hash takes the time for a name that nobody has: always the same one's, and now this one's, now that
   * one's, since hashes of different costs would else tell which names there are.
   */
  async #standIn(name: string): Promise<User | undefined> {
    const users = [...this.#users.values()];
    const [first = 0, second = 0] = await sha256(`${this.#salt}:${name}`);
    return users[(first * 256 + second) % users.length];
  }

  /** The name's length keeps `a` with `b:c` apart from `a:b` with `c`. */
  async #key(name: string, password: string): Promise<string> {
    return toHex(await sha256(`${this.#salt}:${name.length}:${name}:${password}`));
  }

  #remember(key: string): void {
    const [oldest] = this.#confirmedUntilMs.keys();
    if (this.#confirmedUntilMs.size >= REMEMBERED_MAX && oldest !== undefined) {
      this.#confirmedUntilMs.delete(oldest);
    }
    this.#confirmedUntilMs.delete(key);
    this.#confirmedUntilMs.set(key, this.#clock.ticksMs() + REMEMBER_MS);
  }

  async #begin(): Promise<void> {
    if (this.#atWork >= AT_WORK_MAX) {
      if (this.#waiting.length >= WAITING_MAX) {
        throw new Unavailable(`sign-in is busy: ${WAITING_MAX} passwords wait to be checked`);
      }
      // Whoever ends hands its place over, so the count stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#atWork++;
    }
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#atWork--;
    else next();
  }
}
