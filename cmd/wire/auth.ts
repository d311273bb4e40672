/** The way in as the configuration wants it: the gate before every route, the listener's TLS, and their files. */
import { readFile } from "node:fs/promises";
import { bunPasswords } from "../../adapters/bun/password.ts";
import { type Listening, type ListenOptions, listen } from "../../adapters/bun/serve.ts";
import {
  certificateOf,
  type ListeningTls,
  listenTls,
  peerOf,
} from "../../adapters/bun/serve-tls.ts";
import { assertTls, type Refused } from "../../adapters/bun/tls-front.ts";
import { parseNetwork } from "../../core/auth/addresses.ts";
import { ReloadedFiles, type ReloadParts, reloadEvery } from "../../core/auth/reload.ts";
import { SignIn } from "../../core/auth/sign-in.ts";
import { Throttle } from "../../core/auth/throttle.ts";
import { toHex } from "../../core/bytes/text.ts";
import type { Config } from "../../core/config/config.ts";
import { signsIn } from "../../core/config/validate-auth.ts";
import { type AdminRoutes, type Gate, makeGate } from "../../core/http/gate.ts";
import type { TenantSettings } from "../../core/http/tenant.ts";
import type { Journal } from "../../core/ports/journal.ts";
import type { Meter } from "../../core/ports/meter.ts";
import { readTls, speaksTls, tlsKeys } from "./listener-tls.ts";
import { runtime } from "./runtime.ts";
import { SignInFiles } from "./sign-in.ts";
import { naming } from "./start-problem.ts";

export interface EntranceParts {
  readonly tenants: TenantSettings;
  readonly journal: Journal;
  readonly meter: Meter;
  /** Ends the watch over the files. */
  readonly signal: AbortSignal;
}

export interface Entrance {
  readonly gate: Gate;
  /** Opens the listener, with TLS where the configuration names a certificate; from then on files are watched. */
  listen(options: ListenOptions): Promise<Listening>;
}

export async function openEntrance(config: Config, parts: EntranceParts): Promise<Entrance> {
  const { journal, meter, signal } = parts;
  const { clock } = runtime;
  const read = (path: string) => readFile(path, "utf8");
  const reload: ReloadParts = { clock, journal, meter, read };
  const groups: ReloadedFiles[] = [];
  const signIn = signsIn(config) ? await openSignIn(config, reload, groups) : undefined;
  const gate = makeGate({
    ...(signIn === undefined ? {} : { signIn }),
    tenants: parts.tenants,
    openPaths: config.list("auth.open_paths"),
    adminRoutes: config.text("server.admin_routes") as AdminRoutes,
    trustedProxies: config.list("server.trusted_proxies").map((text) => parseNetwork(text)!),
    ...{ peerOf, certificateOf, closed: oncePerPath(journal) },
  });
  return {
    gate,
    listen: async (options) => {
      const server = speaksTls(config)
        ? await openTls(config, { options, reload, groups })
        : await naming(listenerKeys(config), () => listen(options));
      const periodMs = config.ms("server.files_reload_period");
      void reloadEvery(groups, { periodMs, clock, signal });
      return server;
    },
  };
}

/** Once, for whoever is refused may ask again and again; and of so many paths, for they may be made up. */
const CLOSED_PATHS_MAX = 100;

function oncePerPath(journal: Journal): (path: string, peer: string) => void {
  const told = new Set<string>();
  return (path, peer) => {
    if (told.has(path) || told.size >= CLOSED_PATHS_MAX) return;
    told.add(path);
    const why = "server.admin_routes opens it to this machine only";
    journal.log("warn", "a route for operators was refused to another machine", {
      path,
      peer,
      why,
    });
  };
}

function listenerKeys(config: Config): string {
  const address = config.text("server.http_listen_address");
  const port = `server.http_listen_port ${config.number("server.http_listen_port")}`;
  return address === "" ? port : `${port}, server.http_listen_address ${address}`;
}

async function openSignIn(
  config: Config,
  reload: ReloadParts,
  groups: ReloadedFiles[],
): Promise<SignIn> {
  const { clock, journal, meter } = reload;
  const source = new SignInFiles(config, journal);
  let signIn: SignIn | undefined;
  const files = new ReloadedFiles(
    "sign-in",
    async (read) => {
      const settings = await source.settings(read);
      const salt = toHex(runtime.random.bytes(16));
      if (signIn !== undefined) signIn.replace(settings);
      else signIn = new SignIn(settings, { clock, journal, meter, passwords: bunPasswords, salt });
    },
    reload,
  );
  await naming("auth", () => files.open());
  groups.push(files);
  return signIn!;
}

async function openTls(
  config: Config,
  {
    options,
    reload,
    groups,
  }: { options: ListenOptions; reload: ReloadParts; groups: ReloadedFiles[] },
): Promise<ListeningTls> {
  let server: ListeningTls | undefined;
  const refused = tellRefused(reload);
  const files = new ReloadedFiles(
    "tls",
    async (read) => {
      const tls = await naming(tlsKeys(config), async () => {
        const found = await readTls(config, read);
        assertTls(found);
        return found;
      });
      if (server !== undefined) server.renew(tls);
      else {
        const open = () => listenTls({ ...options, tls, refused });
        server = await naming(listenerKeys(config), open);
      }
    },
    reload,
  );
  await files.open();
  groups.push(files);
  return server!;
}

/** How often a peer's failures are told of in the log. */
const REFUSED_LOG_MS = 60_000;

/** Who only looks whether the port is open, as health checks do, has not been refused. */
function tellRefused({ clock, journal, meter }: ReloadParts): Refused {
  const peers = new Throttle({ failuresMax: 1, windowMs: REFUSED_LOG_MS }, clock);
  return ({ code, why }, peer) => {
    if (code === "ECONNRESET") return;
    meter.count("lokits_tls_handshake_failures_total", 1, { code });
    if (peers.failed(peer) === 1) journal.log("warn", "TLS handshake refused", { peer, why });
  };
}
