/**
 * Every query that was put to Loki 2.9.1 and 3.7.6 (../shared/golden, see its README): those that it
 * answered parse, those that it could not parse are refused in its words.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ParseError } from "./errors.ts";
import { parseQuery } from "./parse.ts";
import { prettyExpr } from "./pretty.ts";
import { printExpr } from "./print.ts";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Question extends Answer {
  readonly id: string;
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What the other of the two versions answered. */
  readonly alt?: Answer;
}

const FOLDER = new URL("../../../../shared/golden/", import.meta.url);
const skip = existsSync(FOLDER) ? false : "no ../shared/golden beside the repository";

test("parseQuery() agrees with every recorded answer", { skip }, () => {
  const questions = ["answers.json", "answers-3x.json"].flatMap(read);
  const asked = questions.filter(({ params }) => typeof params["query"] === "string");
  assert.ok(asked.length > 300);
  for (const question of asked) {
    const query = question.params["query"] as string;
    const got = messageOf(query);
    const wanted = [question, ...(question.alt ? [question.alt] : [])].map(parseErrorOf);
    const isNul = query.startsWith("\0"); // Loki's column there is of the query before.
    const same = isNul ? got?.endsWith("invalid character NUL") : wanted.includes(got);
    assert.ok(same, `${question.id}: got ${got}, want ${wanted.join(" or ")}`);
    if (got === undefined)
      assert.deepEqual(parseQuery(printExpr(parseQuery(query))), parseQuery(query));
  }
});

test("prettyExpr() agrees with every recorded format_query", { skip }, () => {
  const formatted = read("answers.json").filter(
    ({ path, status }) => path.endsWith("/format_query") && status === 200,
  );
  assert.ok(formatted.length > 0);
  for (const { params, body } of formatted) {
    const { data } = body as { data: string };
    assert.equal(prettyExpr(parseQuery(params["query"] as string)), data);
  }
});

function read(name: string): Question[] {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
}

/** The text of a query that does not parse. That a stage cannot be made is found later. */
function parseErrorOf({ status, body }: Answer): string | undefined {
  if (status !== 400) return undefined;
  const text = typeof body === "string" ? body : (body as { error: string }).error;
  return text.startsWith("parse error") && !text.startsWith("parse error : stage")
    ? text.trim()
    : undefined;
}

function messageOf(query: string): string | undefined {
  try {
    parseQuery(query);
    return undefined;
  } catch (error) {
    if (error instanceof ParseError) return error.message.trim();
    throw error;
  }
}
