/** What servers answer, looked at before it is trusted: a wrong --addr ends at a proxy's page as often as at a server. */

/** Most of a page or text that is not what was wanted and is shown. */
const SHOWN_MAX = 200;

/** The JSON of an answer. Throws when it is none, with its beginning. */
export async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    const type = response.headers.get("content-type") ?? "no content type";
    throw new Error(
      `the answer is not Loki's JSON but ${text.length} characters of ${type}: ${beginning(text)}; is --addr right?`,
    );
  }
}

/** The list of that name; a Go server says null for an empty one, or leaves it out. */
export function listIn<T>(body: unknown, name: string): readonly T[] {
  const value = fieldOf(body, name) ?? [];
  if (!Array.isArray(value)) throw notLokis(`a list "${name}"`, body);
  return value as T[];
}

export function numberIn(body: unknown, name: string): number {
  const value = fieldOf(body, name);
  if (typeof value !== "number") throw notLokis(`a number "${name}"`, body);
  return value;
}

/** What JSON of Loki's API always has, and this has not. */
export function notLokis(wanted: string, body: unknown): Error {
  const text = beginning(JSON.stringify(body) ?? "nothing");
  return new Error(`the answer has not ${wanted} as Loki's has: ${text}; is --addr right?`);
}

/** Of a long text what is enough to know it by, in one line. */
export function beginning(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= SHOWN_MAX ? line : `${line.slice(0, SHOWN_MAX)}…`;
}

function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== "object" || body === null) throw notLokis(`an object with "${name}"`, body);
  return (body as Record<string, unknown>)[name];
}

/** What Bun adds for those who write programs. */
const ADVICE =
  /( Is the computer able to access the url\?| For more information, pass .*| fetching ".*"\.?)$/;

/** Why there was no answer, in words for people who typed a command. */
export function reasonOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(ADVICE, "");
  const isTrust = /certificate|_CERT_/i.test(text);
  return beginning(text) + (isTrust ? " (--ca-cert names a certificate to trust)" : "");
}
