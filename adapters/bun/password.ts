/** Bun's bcrypt and argon2, which work on threads of their own. */
import type { PasswordCheck } from "../../core/ports/sign-in.ts";

export const bunPasswords: PasswordCheck = {
  // Bun throws for a text that is no hash; such a user cannot sign in.
  verify: (password, hash) => Bun.password.verify(password, hash).catch(() => false),
};

export interface HashOptions {
  readonly algorithm: "argon2id" | "bcrypt";
  readonly cost: number;
}

export function hashPassword(password: string, { algorithm, cost }: HashOptions): Promise<string> {
  return Bun.password.hash(
    password,
    algorithm === "bcrypt" ? { algorithm, cost } : { algorithm, timeCost: cost },
  );
}
