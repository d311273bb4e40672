/**
 * Tenant ids. An id becomes a path and a key prefix, so it is checked here, once, before anything
 * else sees it: `checkTenant` and `literalTenant` are the only makers of the type.
 */
import { BadRequest } from "./errors.ts";

declare const checked: unique symbol;

/** A tenant id that has passed `checkTenant` or `literalTenant`. */
export type Tenant = string & { readonly [checked]: true };

/** Longest id that Loki takes, in characters. */
export const TENANT_LENGTH_MAX = 150;

/** The tenant of a server without `auth_enabled`. */
export const SINGLE_TENANT = "fake" as Tenant;

const ALLOWED = /^[a-zA-Z0-9!\-_.*'()]*$/;

/** Gives the id back as a Tenant, or throws BadRequest in Loki's words. */
export function checkTenant(id: string): Tenant {
  if (id === "." || id === ".." || id === "") throw new BadRequest("invalid tenant ID");
  if (!ALLOWED.test(id)) {
    const bad = [...id].find((char) => !ALLOWED.test(char));
    throw new BadRequest(`tenant ID '${id}' contains unsupported character '${bad}'`);
  }
  if (id.length > TENANT_LENGTH_MAX) {
    throw new BadRequest(`tenant ID is too long: max ${TENANT_LENGTH_MAX} characters`);
  }
  return id as Tenant;
}

/** Longest id that may name a folder. */
const FOLDER_NAME_MAX = 255;

/** Visible ASCII and the space: what a header can carry everywhere, without the separators of paths. */
const LITERAL = /^[ -.0-[\]-~]+$/;

/**
 * The id as Loki 2.9.1 takes it without multi-tenant queries: byte for byte, `a|b` included, unless it
 * would leave its folder. Throws BadRequest.
 */
export function literalTenant(id: string): Tenant {
  if (id === "." || id === ".." || !LITERAL.test(id)) throw new BadRequest("invalid tenant ID");
  if (id.length > FOLDER_NAME_MAX) {
    throw new BadRequest(`tenant ID is too long: max ${FOLDER_NAME_MAX} characters`);
  }
  return id as Tenant;
}
