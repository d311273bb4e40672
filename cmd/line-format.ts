/**
 * How log lines are written (spec logcli §3): what labels all lines of a batch share is left out of each
 * and said once, the rest is padded to one width. Raw and JSON lines are for programs: these have a
 * line's labels whole, whatever lines stand beside it.
 */
import { trimSpace } from "../core/golang/space.ts";
import { formatTime } from "../core/golang/time-layout.ts";
import { loadZone, UTC, type Zone } from "../core/golang/zone.ts";
import { streamToken } from "../core/labels/fingerprint.ts";
import { printLabels } from "../core/labels/labels.ts";
import type { Labels } from "../core/model/labels.ts";
import { printNanos } from "../core/model/time.ts";
import { escapeHtml, type OutputEntry, type OutputMode } from "./output.ts";

export interface LineOptions {
  readonly mode: OutputMode;
  readonly noLabels: boolean;
  /** Print labels that all lines of a batch share with each of them. */
  readonly commonLabels: boolean;
  /** Names to leave out; and, when there are any, the only names to print. */
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  /** Least width of the labels. */
  readonly labelsLength: number;
  readonly colour: "none" | "plain" | "by labels";
  readonly timezone: "Local" | "UTC";
  readonly timestamps: TimestampFormat;
}

/** Go's layouts by logcli's names. */
export const TIMESTAMP_FORMATS = {
  rfc3339: "2006-01-02T15:04:05Z07:00",
  rfc3339nano: "2006-01-02T15:04:05.999999999Z07:00",
  rfc822z: "02 Jan 06 15:04 -0700",
  rfc1123z: "Mon, 02 Jan 2006 15:04:05 -0700",
  stampmicro: "Jan _2 15:04:05.000000",
  stampmilli: "Jan _2 15:04:05.000",
  stampnano: "Jan _2 15:04:05.000000000",
  unixdate: "Mon Jan _2 15:04:05 MST 2006",
} as const;

export type TimestampFormat = keyof typeof TIMESTAMP_FORMATS;

export class LineFormat {
  readonly #options: LineOptions;
  readonly #zone: Zone;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#zone = options.timezone === "UTC" ? UTC : localZone();
  }

  /** The labels that are said once for a batch; none where each line has its own. */
  common(entries: readonly OutputEntry[]): Labels {
    const { mode, noLabels, commonLabels, include } = this.#options;
    const [first] = entries;
    if (mode !== "default" || noLabels || commonLabels || first === undefined) return [];
    let common = first.labels.filter(([name]) => !include.includes(name));
    let last = first.labels;
    for (const { labels } of entries) {
      if (labels === last) continue;
      last = labels;
      common = common.filter(([name, value]) =>
        labels.some((label) => label[0] === name && label[1] === value),
      );
    }
    return common;
  }

  /** The lines of a batch as text, without newlines at their ends. */
  print(entries: readonly OutputEntry[], common: Labels): string[] {
    if (this.#options.mode !== "default") return entries.map((entry) => this.#forPrograms(entry));
    const shared = new Set(common.map(([name]) => name));
    const texts = new Map<Labels, string>();
    for (const { labels } of entries) {
      if (!texts.has(labels)) texts.set(labels, printLabels(this.#shown(labels, shared)));
    }
    let width = this.#options.labelsLength;
    for (const text of texts.values()) width = Math.max(width, text.length);
    return entries.map((entry) => this.#forPeople(entry, texts.get(entry.labels)!.padEnd(width)));
  }

  #shown(labels: Labels, common: ReadonlySet<string>): Labels {
    const { include, exclude } = this.#options;
    return labels.filter(([name]) => {
      if (common.has(name) || exclude.includes(name)) return false;
      return include.length === 0 || include.includes(name);
    });
  }

  #forPeople({ time, line, match }: OutputEntry, labels: string): string {
    const { noLabels, colour, timestamps } = this.#options;
    const stamp = formatTime(time, TIMESTAMP_FORMATS[timestamps], this.#zone);
    const text = trimSpace(line);
    if (colour === "none") return noLabels ? `${stamp} ${text}` : `${stamp} ${labels} ${text}`;
    const set = noLabels ? "" : `${paint(colourOf(labels, colour), labels)} `;
    if (match === false)
      return paint(DIM, noLabels ? `${stamp} ${text}` : `${stamp} ${labels} ${text}`);
    return `${paint(BLUE, stamp)} ${set}${text}`;
  }

  #forPrograms({ time, labels, line, group, match }: OutputEntry): string {
    const { mode, noLabels } = this.#options;
    if (mode === "raw") return line.endsWith("\n") ? line.slice(0, -1) : line;
    const entry = {
      ...(noLabels ? {} : { labels: Object.fromEntries(this.#shown(labels, NOTHING)) }),
      line,
      timestamp: printNanos(time),
      ...(group === undefined ? {} : { group, match: match === true }),
    };
    return escapeHtml(JSON.stringify(entry));
  }
}

const NOTHING: ReadonlySet<string> = new Set();

const [DIM, BLUE, RED] = [2, 34, 31];
/** Bright and plain cyan, green, magenta, yellow and red. */
const LABEL_COLOURS = [96, 36, 92, 32, 95, 35, 93, 33, 91, 31];

function paint(code: number, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

function colourOf(labels: string, kind: LineOptions["colour"]): number {
  if (kind !== "by labels") return RED;
  // The ring's hash is FNV-1 too.
  return LABEL_COLOURS[streamToken("", labels.trimEnd()) % LABEL_COLOURS.length]!;
}

/** The zone of this machine. */
export function localZone(): Zone {
  return loadZone(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? UTC;
}
