/** The parsers of the reference: over text, one field after the other, with no thought of speed. */

export interface Parsed {
  /** Names and values in the order of the line, names as they come out of it. */
  readonly fields: (readonly [name: string, value: string])[];
  error?: string;
}

const SPACE = " \n\r\t";
const E_OBJECT = "Value looks like object, but can't find closing '}' symbol";
const E_ARRAY = "Value is array, but can't find closing ']' symbol";
const E_STRING = "Value is string, but can't find closing '\"' symbol";

/** Half a surrogate pair. */
const LONE = /\p{Surrogate}/gu;

class Failure extends Error {}

/** Calls back for each member of the object at the start of the text. */
function eachMember(text: string, member: (key: string, kind: string, raw: string) => void): void {
  let at = 0;
  const space = (): void => {
    while (at < text.length && SPACE.includes(text[at]!)) at++;
  };
  const need = (message: string): void => {
    space();
    if (at >= text.length) throw new Failure(message);
  };
  need(E_OBJECT);
  if (text[at] !== "{") throw new Failure(E_OBJECT);
  at++;
  need("Malformed JSON error");
  while (text[at] !== "}") {
    if (text[at] !== '"') throw new Failure(E_OBJECT);
    const end = stringEnd(text, at);
    if (end < 0) throw new Failure("Malformed JSON error");
    const key = unescaped(text.slice(at + 1, end));
    if (key === undefined) throw new Failure("Encountered an invalid escape sequence in a string");
    at = end + 1;
    need("Malformed JSON error");
    if (text[at] !== ":") throw new Failure("Malformed JSON error");
    at++;
    need("Malformed JSON error");
    const [kind, past] = valueAt(text, at);
    member(key, kind, text.slice(at, past));
    at = past;
    need(E_ARRAY);
    if (text[at] === "}") return;
    if (text[at] !== ",") throw new Failure(E_OBJECT);
    at++;
    need(E_ARRAY);
  }
}

function valueAt(text: string, at: number): [kind: string, past: number] {
  const first = text[at]!;
  if (first === '"') {
    const end = stringEnd(text, at);
    if (end < 0) throw new Failure(E_STRING);
    return ["string", end + 1];
  }
  if (first === "{" || first === "[") {
    const past = blockEnd(text, at);
    if (past < 0) throw new Failure(first === "{" ? E_OBJECT : E_ARRAY);
    return [first === "{" ? "object" : "array", past];
  }
  let past = at;
  while (past < text.length && !` \n\r\t,}]`.includes(text[past]!)) past++;
  const token = text.slice(at, past);
  if (/^[\d-]/.test(token) || token === "true" || token === "false") return ["plain", past];
  if (token === "null") return ["null", past];
  throw new Failure("Unknown value type");
}

/** The quote that closes the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  const match = /^"(?:[^"\\]|\\[\s\S])*"/.exec(text.slice(at));
  return match === null ? -1 : at + match[0].length - 1;
}

function blockEnd(text: string, at: number): number {
  const [open, close] = text[at] === "{" ? ["{", "}"] : ["[", "]"];
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    if (text[index] === '"') {
      index = stringEnd(text, index);
      if (index < 0) return -1;
    } else if (text[index] === open) depth++;
    else if (text[index] === close && --depth === 0) return index + 1;
  }
  return -1;
}

function unescaped(raw: string): string | undefined {
  if (!/^(?:[^\\]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*$/s.test(raw)) return undefined;
  const text = raw.replace(/\\(u[\da-fA-F]{4}|.)/gs, (_, code: string) =>
    code.length > 1
      ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
      : ("\b\f\n\r\t"["bfnrt".indexOf(code)] ?? code),
  );
  return text.search(LONE) >= 0 ? undefined : text;
}

function clean(text: string | undefined): string {
  return (text ?? "").replaceAll("\ufffd", " ");
}

export function segment(name: string, isFirst: boolean): string {
  const bare = name.trim().replace(/[^A-Za-z0-9_]/gu, "_");
  return isFirst && /^\d/.test(bare) ? `_${bare}` : bare;
}

export function parseJson(line: string): Parsed {
  const fields: [string, string][] = [];
  const walk = (text: string, prefix: string): void =>
    eachMember(text, (key, kind, raw) => {
      const own = segment(key, prefix === "");
      const name = [prefix, own].filter((part) => part !== "").join("_");
      if (kind === "object") walk(raw, name);
      else if (kind === "string") fields.push([name, clean(unescaped(raw.slice(1, -1)))]);
      else if (kind === "plain") fields.push([name, clean(raw)]);
    });
  return failing(fields, () => walk(line, ""));
}

/** Strings only; the entry comes under its own name. */
export function parsePacked(line: string): Parsed {
  const fields: [string, string][] = [];
  if (!line.startsWith("{")) return { fields, error: "expecting json object(6), but it is not" };
  return failing(fields, () =>
    eachMember(line, (key, kind, raw) => {
      if (kind === "string") fields.push([key, clean(unescaped(raw.slice(1, -1)))]);
    }),
  );
}

function failing(fields: [string, string][], walk: () => void): Parsed {
  try {
    walk();
    return { fields };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { fields, error: error.message };
  }
}

const PAIR =
  /^(?<key>[^\0- ="]*)(?:(?<equals>=)(?:"(?<quoted>(?:[^"\\]|\\[\s\S])*)"|(?<open>")|(?<bare>[^\0- ="]*)))?/;

/** Every pair of the line; a value of undefined is a pair that is lost, with the reason. */
export function parseLogfmt(line: string, options: { strict: boolean }): Parsed {
  const fields: [string, string][] = [];
  const size = (text: string): number => new TextEncoder().encode(text).length;
  let at = 0;
  for (;;) {
    while (at < line.length && line[at]! <= " ") at++;
    if (at >= line.length) return { fields };
    const { key = "", equals, quoted, open, bare } = PAIR.exec(line.slice(at))!.groups!;
    const next = at + PAIR.exec(line.slice(at))![0].length;
    let [error, place, value]: [string | undefined, number, string] = [undefined, next, ""];
    const after = line[next];
    if (equals === undefined && after === '"') error = `unexpected '"'`;
    else if (equals !== undefined && key === "") [error, place] = ["unexpected '='", at];
    else if (open !== undefined) [error, place] = ["unterminated quoted value", line.length];
    else if (bare !== undefined && (after === "=" || after === '"'))
      error = `unexpected '${after}'`;
    else if (key.includes("\ufffd")) [error, place] = ["invalid key", at + key.length];
    else if (quoted === undefined) value = bare ?? "";
    else {
      const text = logfmtText(quoted);
      if (text === undefined) error = "invalid quoted value";
      else value = text;
    }
    at = error === undefined ? next : place;
    if (error === undefined) fields.push([segment(key, true), clean(value)]);
    else {
      const reason = `logfmt syntax error at pos ${size(line.slice(0, place)) + 1} : ${error}`;
      if (options.strict) return { fields, error: reason };
      while (at < line.length && line[at]! > " ") at++;
    }
  }
}

function logfmtText(quoted: string): string | undefined {
  if (!quoted.includes("\\")) return quoted;
  if (/[\0-\x1f]/.test(quoted)) return undefined;
  const withoutApostrophes = quoted.replace(/\\([\s\S])/g, (pair, next) =>
    next === "'" ? "'" : pair,
  );
  const halves = /\\u[\da-fA-F]{4}/g;
  // Half a pair is U+FFFD here, where JSON has it as broken.
  const plain = withoutApostrophes.replace(/(?:\\u[\da-fA-F]{4})+/g, (run) =>
    run
      .match(halves)!
      .map((unit) => String.fromCharCode(Number.parseInt(unit.slice(2), 16)))
      .join("")
      .replace(LONE, "\ufffd")
      .replace(/[\\"]/g, "\\$&"),
  );
  return unescaped(plain);
}

export function parsePattern(line: string, pattern: string): Parsed {
  const parts = pattern.split(/(<\w+>)/).filter((part) => part !== "");
  const fields: [string, string][] = [];
  if (line === "") return { fields };
  let rest = line;
  if (!/^<\w+>$/.test(parts[0]!)) {
    const head = parts.shift()!;
    if (!rest.startsWith(head)) return { fields };
    rest = rest.slice(head.length);
  }
  for (let index = 0; index < parts.length; index += 2) {
    const until = parts[index + 1];
    const end = until === undefined ? -1 : rest.indexOf(until);
    const value = end < 0 ? rest : rest.slice(0, end);
    if (parts[index] !== "<_>") fields.push([parts[index]!.slice(1, -1), value]);
    if (end < 0) break;
    rest = rest.slice(end + until!.length);
  }
  return { fields };
}
