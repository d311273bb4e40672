/** Real certificates for tests, made by openssl in a folder of the test's. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** Why a test is skipped; false when it is not. */
export const WITHOUT_OPENSSL = hasOpenssl ? false : "there is no openssl";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export interface Issued {
  /** As openssl writes it: `/O=acme/CN=anna` */
  readonly subject?: string;
  /** Below 0 it has expired. */
  readonly days?: number;
}

export class TestCertificates {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What openssl prints. */
  openssl(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: this.#folder });
    if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
    return String(stdout);
  }

  /** Writes `name.pem` and `name.key`. */
  authority(name: string): void {
    const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`, "-days", "2"];
    this.openssl("req", "-x509", ...KEY, ...out, "-subj", `/CN=${name}`);
  }

  /** Writes `name.pem` and `name.key`; it is for 127.0.0.1, localhost and `spiffe://x/name`. */
  issue(name: string, by: string, { subject = `/CN=${name}`, days = 2 }: Issued = {}): void {
    const names = `subjectAltName=DNS:localhost,IP:127.0.0.1,URI:spiffe://x/${name}`;
    writeFileSync(join(this.#folder, `${name}.names`), names);
    const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject];
    this.openssl("req", ...KEY, ...request);
    const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    const out = ["-days", String(days), "-extfile", `${name}.names`, "-out", `${name}.pem`];
    this.openssl("x509", "-req", "-in", `${name}.csr`, ...signer, ...out);
  }

  text(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  pair(name: string): { readonly cert: string; readonly key: string } {
    return { cert: this.text(`${name}.pem`), key: this.text(`${name}.key`) };
  }
}
