/** Options of every command that talks to a server: logcli's names and variables. */
import type { ArgsDef } from "citty";

export const CLIENT_ARGS: ArgsDef = {
  addr: { type: "string", description: "Server to talk to (LOKI_ADDR)", valueHint: "URL" },
  "org-id": {
    type: "string",
    description: "Tenant, sent as X-Scope-OrgID (LOKI_ORG_ID)",
    valueHint: "ID",
  },
  username: { type: "string", description: "User of HTTP basic auth (LOKI_USERNAME)" },
  password: { type: "string", description: "Its password (LOKI_PASSWORD)" },
  "bearer-token": {
    type: "string",
    description: "Token for the Authorization header (LOKI_BEARER_TOKEN)",
  },
  "bearer-token-file": {
    type: "string",
    description: "File that holds the token, read for each request (LOKI_BEARER_TOKEN_FILE)",
    valueHint: "FILE",
  },
  "auth-header": {
    type: "string",
    description: "Header for user or token (LOKI_AUTH_HEADER)",
    default: "Authorization",
  },
  header: {
    type: "string",
    description: "Another header, may be repeated",
    valueHint: "Name: value",
  },
  "query-tags": {
    type: "string",
    description: "Tags for the server's log, sent as X-Query-Tags (LOKI_QUERY_TAGS)",
  },
  "ca-cert": {
    type: "string",
    description: "Certificates to trust (LOKI_CA_CERT_PATH)",
    valueHint: "FILE",
  },
  cert: {
    type: "string",
    description: "Certificate to show (LOKI_CLIENT_CERT_PATH)",
    valueHint: "FILE",
  },
  key: { type: "string", description: "Its key (LOKI_CLIENT_KEY_PATH)", valueHint: "FILE" },
  "tls-skip-verify": {
    type: "boolean",
    description: "Trust any certificate (LOKI_TLS_SKIP_VERIFY)",
  },
  "proxy-url": {
    type: "string",
    description: "HTTP proxy to go through (LOKI_HTTP_PROXY_URL)",
    valueHint: "URL",
  },
  envproxy: {
    type: "boolean",
    description: "Go through HTTP_PROXY or HTTPS_PROXY (LOKI_ENV_PROXY)",
  },
  compress: {
    type: "boolean",
    description: "Ask for compressed answers, which is done anyway (LOKI_HTTP_COMPRESSION)",
  },
  nocache: { type: "boolean", description: "Send Cache-Control: no-cache (LOKI_NO_CACHE)" },
  retries: {
    type: "string",
    description: "More tries when the server does not answer (LOKI_CLIENT_RETRIES)",
  },
  "min-backoff": {
    type: "string",
    description: "Seconds before the second try, then doubled (LOKI_CLIENT_MIN_BACKOFF)",
    default: "0",
  },
  "max-backoff": {
    type: "string",
    description: "Most seconds between tries (LOKI_CLIENT_MAX_BACKOFF)",
    default: "0",
  },
};

export const CLIENT_ENVIRONMENT = {
  addr: "LOKI_ADDR",
  "org-id": "LOKI_ORG_ID",
  username: "LOKI_USERNAME",
  password: "LOKI_PASSWORD",
  "bearer-token": "LOKI_BEARER_TOKEN",
  "bearer-token-file": "LOKI_BEARER_TOKEN_FILE",
  "auth-header": "LOKI_AUTH_HEADER",
  "query-tags": "LOKI_QUERY_TAGS",
  "ca-cert": "LOKI_CA_CERT_PATH",
  cert: "LOKI_CLIENT_CERT_PATH",
  key: "LOKI_CLIENT_KEY_PATH",
  "tls-skip-verify": "LOKI_TLS_SKIP_VERIFY",
  "proxy-url": "LOKI_HTTP_PROXY_URL",
  envproxy: "LOKI_ENV_PROXY",
  compress: "LOKI_HTTP_COMPRESSION",
  nocache: "LOKI_NO_CACHE",
  retries: "LOKI_CLIENT_RETRIES",
  "min-backoff": "LOKI_CLIENT_MIN_BACKOFF",
  "max-backoff": "LOKI_CLIENT_MAX_BACKOFF",
};

/** Those that may come more than once. */
export const CLIENT_REPEATABLE = ["header"];

/** logcli has these for every command, whatever they do there. */
export const GLOBAL_ARGS: ArgsDef = {
  quiet: { type: "boolean", alias: "q", description: "No remarks on stderr" },
  stats: { type: "boolean", description: "Print what the query touched to stderr" },
  stdin: { type: "boolean", description: "Search the lines of standard input" },
  timezone: {
    type: "enum",
    alias: "z",
    options: ["Local", "UTC"],
    default: "Local",
    description: "Zone of the times that are printed",
  },
  "log.level": { type: "string", description: "logcli's; nothing here listens to it" },
  cpuprofile: { type: "string", description: "logcli's; use bun --cpu-prof" },
  memprofile: { type: "string", description: "logcli's; use bun --heap-prof" },
};
