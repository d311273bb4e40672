/** Claims of a verified token as grants. */
import { type Grants, grantsOf } from "./grants.ts";

/** Names of claims, with dots for claims within claims; "" for none. Tenants come as a list, or as words of one text. */
export interface ClaimNames {
  readonly name: string;
  /** Tenants that may be read and written. */
  readonly tenants: string;
  readonly read: string;
  readonly write: string;
  readonly admin: string;
}

/** What every verified token has, beside what its claims say. */
export type BaseGrants = Omit<Grants, "defaultTenant"> & {
  readonly defaultTenant?: string | undefined;
};

type Claims = Readonly<Record<string, unknown>>;

export function grantsOfClaims(claims: Claims, names: ClaimNames, base: BaseGrants): Grants {
  const both = texts(claimAt(claims, names.tenants));
  return grantsOf({
    read: [...base.read, ...both, ...texts(claimAt(claims, names.read))],
    write: [...base.write, ...both, ...texts(claimAt(claims, names.write))],
    admin: [...base.admin, ...texts(claimAt(claims, names.admin))],
    defaultTenant: base.defaultTenant,
  });
}

export function nameOfClaims(claims: Claims, names: ClaimNames): string {
  const name = claimAt(claims, names.name);
  return typeof name === "string" ? name : "";
}

/** A claim by its whole name, which may be a URL with dots, or else by the way through the claims. */
function claimAt(claims: Claims, name: string): unknown {
  if (name === "") return undefined;
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(/[\s,]+/).filter((text) => text !== "");
  if (!Array.isArray(value)) return [];
  return value.filter((text): text is string => typeof text === "string" && text !== "");
}
