/**
 * Tenant ids. An id becomes a path and a key prefix, so it is checked here, once, before anything
 * else sees it: `checkTenant` is the only maker of the type.
 */
import { BadRequest } from "./errors.ts";

declare const checked: unique symbol;

/** A tenant id that has passed `checkTenant`. */
export type Tenant = string & { readonly [checked]: true };

/** Longest id that Loki takes, in characters. */
export const TENANT_LENGTH_MAX = 150;

/** The tenant of a server without `auth_enabled`. */
export const SINGLE_TENANT = "fake" as Tenant;

const ALLOWED = /^[a-zA-Z0-9!\-_.*'()]*$/;

/** Gives the id back as a Tenant, or throws BadRequest in Loki's words. */
export function checkTenant(id: string): Tenant {
  if (id === "." || id === ".." || id.includes("/") || id.includes("\\") || id === "") {
    throw new BadRequest("invalid tenant ID");
  }
  if (!ALLOWED.test(id)) {
    const bad = [...id].find((char) => !ALLOWED.test(char));
    throw new BadRequest(`tenant ID '${id}' contains unsupported character '${bad}'`);
  }
  if (id.length > TENANT_LENGTH_MAX) {
    throw new BadRequest(`tenant ID is too long: max ${TENANT_LENGTH_MAX} characters`);
  }
  return id as Tenant;
}
