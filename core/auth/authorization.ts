/** The header `Authorization` as what it presents: a user with a password, or a bearer token. */
import { fromBase64 } from "../bytes/text.ts";

export type Presented =
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  | { readonly kind: "none" }
  /** A header that is there and says nothing we take. */
  | { readonly kind: "unknown" };

/** Characters of a header that we look at; identity providers' tokens are well below. */
const HEADER_MAX = 16_384;

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function presentedBy(header: string | null): Presented {
  if (header === null || header === "") return { kind: "none" };
  if (header.length > HEADER_MAX) return { kind: "unknown" };
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return basic(value);
    case "bearer":
      return { kind: "bearer", token: value };
    default:
      return { kind: "unknown" };
  }
}

/** RFC 7617: the user ends at the first colon, the password may have more of them. */
function basic(value: string): Presented {
  const bytes = fromBase64(value);
  if (bytes === undefined) return { kind: "unknown" };
  let text: string;
  try {
    text = STRICT_UTF8.decode(bytes);
  } catch {
    return { kind: "unknown" };
  }
  const colon = text.indexOf(":");
  if (colon < 0) return { kind: "unknown" };
  return { kind: "basic", user: text.slice(0, colon), password: text.slice(colon + 1) };
}
