/**
 * Clients known by their certificates. That a certificate is of our authority has been checked when the
 * connection was made; here it is only told apart from others, by one of the names that its authority put
 * into it or by its digest.
 */
import type { ClientCertificate } from "../ports/sign-in.ts";
import type { Grants } from "./grants.ts";

export interface KnownCertificate {
  /** For the log. */
  readonly name: string;
  readonly by: CertificateMark;
  readonly value: string;
  readonly grants: Grants;
}

export const CERTIFICATE_MARKS = ["common_name", "alt_name", "sha256"] as const;

export type CertificateMark = (typeof CERTIFICATE_MARKS)[number];

/** The first of the list that is for this certificate. */
export function findCertificate(
  known: readonly KnownCertificate[],
  certificate: ClientCertificate,
): KnownCertificate | undefined {
  return known.find(({ by, value }) => IS_FOR[by](value, certificate));
}

const IS_FOR: Readonly<
  Record<CertificateMark, (value: string, certificate: ClientCertificate) => boolean>
> = {
  // With several common names nobody can tell which one was meant, so none of them counts.
  common_name: (value, { commonNames }) => commonNames.length === 1 && commonNames[0] === value,
  alt_name: (value, { altNames }) =>
    altNames.some((name) => normalAltName(name) === normalAltName(value)),
  sha256: (value, { sha256 }) => normalDigest(value) === sha256,
};

/** Host names have no case. */
function normalAltName(name: string): string {
  return /^DNS:/i.test(name) ? name.toLowerCase() : name;
}

/** As openssl prints it, with colons, or without. */
export function normalDigest(text: string): string {
  return text.replaceAll(":", "").toLowerCase();
}
