/** Reads the cases of fixtures/logql/stages; their form is described there. */
import { labelsOf } from "../../../labels/labels.ts";
import type { Label, Labels } from "../../../model/labels.ts";

export type Outcome =
  | { readonly kind: "dropped" }
  | { readonly kind: "fails"; readonly message: string }
  | { readonly kind: "value"; readonly value: number; readonly labels: Labels }
  /** `keeps`: beside the labels of the stream; `labels`: all of them. */
  | {
      readonly kind: "keeps" | "labels";
      readonly labels: Labels;
      readonly line: string | undefined;
    };

export interface CaseLine {
  /** Where it stands: `json.test:12`. */
  readonly place: string;
  readonly line: string;
  readonly metadata: Labels;
  readonly outcome: Outcome;
}

export interface Case {
  readonly place: string;
  readonly about: string;
  readonly kind: "eval" | "samples";
  readonly stream: Labels;
  /** Stages of a log query, or a metric query. */
  readonly text: string;
  readonly lines: readonly CaseLine[];
  /** What is said when the query cannot be built. */
  readonly fails: string | undefined;
}

interface Draft extends Omit<Case, "lines" | "fails"> {
  readonly lines: CaseLine[];
  fails: string | undefined;
}

export function parseCases(file: string, text: string): Case[] {
  const cases: Draft[] = [];
  let [stream, metadata]: [Labels, Labels] = [[], []];
  let [about, given]: [string, string | undefined] = ["", undefined];
  for (const [index, row] of text.split("\n").entries()) {
    const place = `${file}:${index + 1}`;
    const [, word = "", rest = ""] = /^(\S+) ?(.*)$/.exec(row) ?? [];
    const open = cases.at(-1);
    if (word === "") continue;
    else if (word === "#") about = rest;
    else if (word === "stream") stream = readLabels(rest);
    else if (word === "metadata") metadata = readLabels(rest);
    else if (word === "in") given = rest.startsWith('"') ? JSON.parse(rest) : rest;
    else if (word === "eval" || word === "samples") {
      cases.push({ place, about, kind: word, stream, text: rest, lines: [], fails: undefined });
      about = "";
      given = undefined;
    } else if (open !== undefined && given === undefined && word === "fails") open.fails = rest;
    else if (open !== undefined && given !== undefined) {
      open.lines.push({ place, line: given, metadata, outcome: readOutcome(word, rest, place) });
      [given, metadata] = [undefined, []];
    } else throw new Error(`${place}: ${word} is out of place`);
  }
  return cases;
}

function readOutcome(word: string, rest: string, place: string): Outcome {
  switch (word) {
    case "dropped":
      return { kind: "dropped" };
    case "fails":
      return { kind: "fails", message: rest };
    case "value": {
      const space = rest.indexOf(" ");
      const labels = readLabels(rest.slice(space + 1));
      return { kind: "value", value: Number(rest.slice(0, space)), labels };
    }
    case "keeps":
    case "labels": {
      const [labels = "", line] = rest.split("} as ");
      const given = line === undefined ? undefined : (JSON.parse(line) as string);
      return { kind: word, labels: readLabels(labels), line: given };
    }
    default:
      throw new Error(`${place}: ${word} is no outcome`);
  }
}

/** Labels as they are printed; here an empty value counts. */
export function readLabels(text: string): Labels {
  const pairs = [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(
    ([, name, value]): Label => [name!, JSON.parse(value!) as string],
  );
  return pairs.every(([, value]) => value !== "") ? labelsOf(pairs) : sorted(pairs);
}

function sorted(pairs: Label[]): Labels {
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}
