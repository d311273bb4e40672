/** How connections are made: certificates and proxies. */
import { createSecureContext, type SecureContextOptions } from "node:tls";
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

/** Throws UsageError when files cannot be read or hold something else, or a proxy is no address. */
export function transportOf(flags: Flags): Transport {
  const tls = { ...trusted(flags), ...shown(flags), ...unchecked(flags) };
  const proxy = proxyOf(flags);
  return {
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(proxy !== undefined && { proxy }),
  };
}

function trusted(flags: Flags): { ca?: string } {
  const file = flags.text("ca-cert");
  if (file === undefined) return {};
  const ca = readText("ca-cert", file);
  if (!/-----BEGIN [A-Z ]*CERTIFICATE-----/.test(ca))
    throw new UsageError(`--ca-cert ${file} has no certificate, want PEM`);
  checked({ ca }, `--ca-cert ${file} has a certificate that cannot be read`);
  return { ca };
}

function shown(flags: Flags): { cert?: string; key?: string } {
  const [certFile, keyFile] = [flags.text("cert"), flags.text("key")];
  if (certFile === undefined && keyFile === undefined) return {};
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError("--cert and --key are wanted together");
  const [cert, key] = [readText("cert", certFile), readText("key", keyFile)];
  checked({ cert, key }, `--cert ${certFile} and --key ${keyFile} are no pair in PEM`);
  return { cert, key };
}

function unchecked(flags: Flags): { rejectUnauthorized?: boolean } {
  return flags.on("tls-skip-verify") ? { rejectUnauthorized: false } : {};
}

/** Asked later, Bun says of a wrong file that the address may have a typo. */
function checked(options: SecureContextOptions, problem: string): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new UsageError(`${problem}: ${error instanceof Error ? error.message : String(error)}`);
  }
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
