/** What `node:tls` tells of a client's certificate, as sign-in wants it. */
import type { PeerCertificate } from "node:tls";
import type { ClientCertificate } from "../../core/ports/sign-in.ts";

export function certificateOf(shown: PeerCertificate): ClientCertificate {
  // With several common names Node gives a list, whatever its types say.
  const names = shown.subject?.CN as string | string[] | undefined;
  return {
    commonNames: names === undefined ? [] : [names].flat(),
    altNames: altNamesOf(shown.subjectaltname ?? ""),
    sha256: shown.fingerprint256.replaceAll(":", "").toLowerCase(),
    expiresMs: Date.parse(shown.valid_to),
  };
}

/**
 * `DNS:a, IP Address:10.0.0.1` as a list. A name with characters that would read as several stands in quotes
 * and is left out: nobody has such a name for good. Empty when the text is not of this form throughout.
 */
export function altNamesOf(text: string): string[] {
  const names: string[] = [];
  const next = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (next.lastIndex < text.length) {
    const [, kind = "", value = ""] = next.exec(text) ?? [];
    if (kind === "") return [];
    if (!value.startsWith('"')) names.push(`${kind === "IP Address" ? "IP" : kind}:${value}`);
  }
  return names;
}
