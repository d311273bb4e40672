/** How connections are made: certificates and proxies. */
import { readText } from "./client-files.ts";
import { type Flags, UsageError } from "./flags.ts";

/** What Bun's fetch and WebSocket take beyond the standard. */
export interface Transport {
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly proxy?: string;
}

/** Throws UsageError when files cannot be read or a proxy is no address. */
export function transportOf(flags: Flags): Transport {
  const file = (name: string) => {
    const path = flags.text(name);
    return path === undefined ? undefined : readText(name, path);
  };
  const [ca, cert, key] = [file("ca-cert"), file("cert"), file("key")];
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(flags.on("tls-skip-verify") && { rejectUnauthorized: false }),
  };
  const proxy = proxyOf(flags);
  return {
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(proxy !== undefined && { proxy }),
  };
}

const VARIABLES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] as const;

function proxyOf(flags: Flags): string | undefined {
  const { env } = process;
  const url = new URL(flags.text("addr") ?? "http://localhost");
  const names = VARIABLES.slice(url.protocol === "https:" ? 2 : 0).slice(0, 2);
  const variable = names.map((name) => env[name]).find((value) => value);
  const noProxy = env["no_proxy"] ?? env["NO_PROXY"] ?? "";
  // Bun looks at these by itself, logcli only when it is told to.
  for (const name of [...VARIABLES, "no_proxy", "NO_PROXY"]) delete env[name];
  const own = flags.text("proxy-url");
  if (own !== undefined) {
    // An address with a password in it is not for messages.
    if (!/^https?:\/\//.test(own) || !URL.canParse(own))
      throw new UsageError("--proxy-url is no address, want http://host:port");
    return own;
  }
  const isWanted = flags.on("envproxy") && !isDirect(url, noProxy);
  return isWanted ? variable : undefined;
}

/** Go's rule: this machine, and what NO_PROXY names, with all that is below it. */
function isDirect({ hostname }: URL, noProxy: string): boolean {
  if (hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname)) return true;
  const direct = noProxy.split(",").map((name) => name.trim().replace(/:\d+$/, ""));
  return direct.some((name) => {
    const bare = name.replace(/^\*?\./, "");
    if (name === "*" || (bare !== "" && hostname === bare)) return true;
    return bare !== "" && hostname.endsWith(`.${bare}`);
  });
}
