/** What goes with every request: tenant, tags, whatever `--header` says, and who asks. */
import { readText } from "./client-files.ts";
import { type Flags, UsageError } from "./flags.ts";
import { VERSION } from "./version.ts";

/** Throws UsageError for what cannot be a header; never with its value, which may be a secret. */
export function headersOf(flags: Flags): Record<string, string> {
  const org = flags.text("org-id");
  const tags = flags.text("query-tags");
  const headers: Record<string, string> = {
    "User-Agent": `lokits/${VERSION}`,
    ...(org !== undefined && { "X-Scope-OrgID": org }),
    ...(tags !== undefined && { "X-Query-Tags": tags }),
    ...(flags.on("nocache") && { "Cache-Control": "no-cache" }),
  };
  for (const header of flags.list("header")) {
    const cut = header.indexOf(":");
    if (cut <= 0) throw new UsageError(`--header has no colon, want "Name: value"`);
    headers[header.slice(0, cut).trim()] = header.slice(cut + 1).trim();
  }
  const auth = authOf(flags);
  if (auth !== undefined) headers[flags.text("auth-header") ?? "Authorization"] = auth;
  for (const [name, value] of Object.entries(headers)) assertHeader(name, value);
  return headers;
}

function assertHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new UsageError(`"${name}" cannot be the name of a header`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
    throw new UsageError(`what header ${name} is to say has letters that no header can have`);
}

function authOf(flags: Flags): string | undefined {
  const [user, password] = [flags.text("username"), flags.text("password")];
  const [token, file] = [flags.text("bearer-token"), flags.text("bearer-token-file")];
  const hasUser = user !== undefined || password !== undefined;
  if (hasUser && (token !== undefined || file !== undefined)) {
    throw new UsageError(
      "at most one of HTTP basic auth (username/password), bearer-token & bearer-token-file is allowed to be configured",
    );
  }
  if (token !== undefined && file !== undefined) {
    throw new UsageError(
      "at most one of the options bearer-token & bearer-token-file is allowed to be configured",
    );
  }
  // As logcli: half of a pair is none.
  if (user !== undefined && password !== undefined) return basic(user, password);
  if (token !== undefined) return `Bearer ${token}`;
  if (file !== undefined) return `Bearer ${readText("bearer-token-file", file).trim()}`;
  return ofAddress(flags.text("addr"));
}

/** `http://user:password@host`, as curl takes it. */
function ofAddress(addr: string | undefined): string | undefined {
  if (addr === undefined || !URL.canParse(addr)) return undefined;
  const { username, password } = new URL(addr);
  if (username === "" && password === "") return undefined;
  return basic(decodeURIComponent(username), decodeURIComponent(password));
}

/** Names and passwords may hold any letters. */
function basic(user: string, password: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)))}`;
}
