/**
 * Stands before every route: lets in whom sign-in knows for the tenants they may touch, and keeps what
 * operates the process for peers on this machine unless the configuration opens it.
 */

import {
  clientAddress,
  isLoopback,
  isTrusted,
  type Network,
  parseAddress,
} from "../auth/addresses.ts";
import { type Access, administersAll, type Grants, permits } from "../auth/grants.ts";
import type { SignIn } from "../auth/sign-in.ts";
import type { ClientCertificate } from "../ports/sign-in.ts";
import { accessOf } from "./access.ts";
import { urlOf } from "./address.ts";
import { textResponse } from "./errors.ts";
import { TENANT_HEADER, type TenantSettings, tenantsOf } from "./tenant.ts";

/** Undefined when the request may go on. Throws for a tenant id that is none. */
export type Gate = (
  request: Request,
  route: { readonly path: string; readonly env: unknown },
) => Promise<Response | undefined>;

export interface GateOptions {
  /** Undefined when everybody is believed, as in Loki. */
  readonly signIn?: SignIn;
  readonly tenants: TenantSettings;
  /** Pages that need no sign-in. */
  readonly openPaths: readonly string[];
  /** `server.admin_routes`: from where what operates the process may be asked for. */
  readonly adminRoutes: AdminRoutes;
  /** Told of a route that `adminRoutes` keeps closed to another machine: a hook that stops a pod asks from there. */
  readonly closed?: (path: string, peer: string) => void;
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly Network[];
  /** The address at the other end of the connection, where the runtime knows it. */
  readonly peerOf: (request: Request, env: unknown) => string | undefined;
  /** What its client showed when the connection was made, verified; undefined when it showed none. */
  readonly certificateOf?: (request: Request, env: unknown) => ClientCertificate | undefined;
}

export type AdminRoutes = "loopback" | "signed-in" | "open";

/** Headers of a proxy: with one of them the peer is not who asks. */
const FORWARDED = ["x-forwarded-for", "forwarded", "x-real-ip"];

const CLOSED =
  "this route is open to peers on the server's own machine only; to open it set server.admin_routes " +
  "to signed-in or open (-server.admin-routes)\n";

export function makeGate(options: GateOptions): Gate {
  const { signIn, openPaths, adminRoutes, trustedProxies, peerOf } = options;

  return async (request, { path, env }) => {
    const access = accessOf(path, request.method);
    const peer = peerOf(request, env) ?? "";
    if (access === "operate" && adminRoutes === "loopback" && !isLocal(request, peer)) {
      options.closed?.(path, peer);
      return textResponse(403, CLOSED);
    }
    if (signIn === undefined) return undefined;
    if (access === "page" && openPaths.includes(path)) return undefined;

    const client = clientAddress(peer, request.headers.get("x-forwarded-for"), trustedProxies);
    const certificate = options.certificateOf?.(request, env);
    const verdict = await signIn.who(request.headers.get("authorization"), client, certificate);
    if (verdict.kind === "stranger") return textResponse(403, `${verdict.why}\n`);
    if (verdict.kind === "unknown") return challengeResponse(verdict.challenge);
    if (verdict.kind === "throttled") return throttledResponse(verdict.waitMs);
    const { grants } = verdict.credential;
    if (access === "page") return undefined;
    if (access === "operate")
      return administersAll(grants) ? undefined : refused("operate this server");
    return tenantCheck(request, access, grants);
  };

  function tenantCheck(request: Request, access: Access, grants: Grants): Response | undefined {
    const { headers } = request;
    const named = headers.get(TENANT_HEADER);
    const isNamed = named !== null && named !== "";
    if (!isNamed && grants.defaultTenant !== undefined) {
      headers.set(TENANT_HEADER, grants.defaultTenant);
    }
    const tenants = tenantsOf(headers.get(TENANT_HEADER), options.tenants);
    return permits(grants, { access, tenants }) ? undefined : refused(DOING[access]);
  }

  /** Whether it was sent from this machine: no proxy between, and no page of another site in a browser. */
  function isLocal(request: Request, peer: string): boolean {
    const { headers } = request;
    if (FORWARDED.some((name) => headers.has(name))) {
      if (!isTrusted(peer, trustedProxies)) return false;
      return isLoopback(clientAddress(peer, headers.get("x-forwarded-for"), trustedProxies));
    }
    const site = headers.get("sec-fetch-site") ?? "none";
    return isLoopback(peer) && ["none", "same-origin"].includes(site) && isOwnName(request);
  }
}

const DOING: Readonly<Record<Access, string>> = {
  read: "read the tenant of this request",
  write: "write to the tenant of this request",
  admin: "administer the tenant of this request",
};

function refused(doing: string): Response {
  return textResponse(403, `these credentials may not ${doing}\n`);
}

function challengeResponse(challenge: string): Response {
  const response = textResponse(401, "sign in to use this server\n");
  response.headers.set("WWW-Authenticate", challenge);
  return response;
}

function throttledResponse(waitMs: number): Response {
  const response = textResponse(
    429,
    "too many failed sign-ins from this address, wait before the next\n",
  );
  response.headers.set("Retry-After", String(Math.ceil(waitMs / 1000)));
  return response;
}

/** A site that gives its own name this machine's address would be same-origin: only our names count. */
function isOwnName(request: Request): boolean {
  const { hostname } = urlOf(request);
  return /(^|\.)localhost$/.test(hostname) || parseAddress(hostname) !== undefined;
}
