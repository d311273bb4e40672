/** The listener's TLS as `server` and its `http_tls_config` want it. */
import type { FrontTls } from "../../adapters/bun/tls-front.ts";
import type { ReadText } from "../../core/auth/reload.ts";
import type { Config } from "../../core/config/config.ts";
import { tlsCiphers, tlsVersionMin } from "../../core/config/tls.ts";

const TLS = "server.http_tls_config";

export function speaksTls(config: Config): boolean {
  return ["cert", "cert_file"].some((name) => config.text(`${TLS}.${name}`) !== "");
}

/** For who has to mend it. */
export function tlsKeys(config: Config): string {
  const files = ["cert_file", "key_file", "client_ca_file"].flatMap((name) => {
    const file = config.text(`${TLS}.${name}`);
    return file === "" ? [] : [`${name} ${file}`];
  });
  return files.length === 0 ? TLS : `${TLS} (${files.join(", ")})`;
}

export async function readTls(config: Config, read: ReadText): Promise<FrontTls> {
  const text = async (name: string) => {
    const file = config.text(`${TLS}.${name}_file`);
    return file === "" ? config.text(`${TLS}.${name}`) : await read(file);
  };
  const mode = config.text(`${TLS}.client_auth_type`);
  const areRequired = mode === "RequireAndVerifyClientCert";
  const areTaken = areRequired || mode === "VerifyClientCertIfGiven";
  return {
    ...{ cert: await text("cert"), key: await text("key") },
    clients: areTaken ? { authority: await text("client_ca"), areRequired } : undefined,
    versionMin: tlsVersionMin(config.text("server.tls_min_version")) ?? "TLSv1.2",
    ciphers: tlsCiphers(config.text("server.tls_cipher_suites"))?.join(":"),
  };
}
