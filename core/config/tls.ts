/** Go's names of TLS versions and cipher suites as OpenSSL's. What is too weak for anybody today has none here. */

const VERSIONS: Readonly<Record<string, "TLSv1.2" | "TLSv1.3">> = {
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
};

/** Those of TLS 1.2; those of 1.3 are not for anybody to choose, here as in Go. */
const SUITES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_AES_128_GCM_SHA256: "",
  TLS_AES_256_GCM_SHA384: "",
  TLS_CHACHA20_POLY1305_SHA256: "",
};

export const TLS_VERSIONS = Object.keys(VERSIONS);
export const TLS_SUITES = Object.keys(SUITES);

/** Undefined when none, or none that we know, is named. */
export function tlsVersionMin(name: string): "TLSv1.2" | "TLSv1.3" | undefined {
  return VERSIONS[name];
}

/** Names with commas between, in their order; undefined when none of TLS 1.2 is named. */
export function tlsCiphers(names: string): readonly string[] | undefined {
  const suites = suiteNames(names).map((name) => SUITES[name] ?? "");
  const chosen = suites.filter((name) => name !== "");
  return chosen.length === 0 ? undefined : chosen;
}

export function suiteNames(names: string): readonly string[] {
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
