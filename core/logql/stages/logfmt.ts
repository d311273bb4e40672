/** `| logfmt [--strict] [--keep-empty]` (spec logql §8.3). */
import type { Hints } from "./hints.ts";
import { wantsName } from "./hints.ts";
import { type Key, KeyTable, newKeyBudget } from "./keys.ts";
import { CLEAN } from "./label-builder.ts";
import { LogfmtScan } from "./logfmt-scan.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";
import { sanitizeName } from "./sanitize.ts";
import { cleanText, decodeText } from "./text.ts";

export const LOGFMT_ERROR = "LogfmtParserErr";

export interface LogfmtOptions {
  /** The first error ends the line and is told; otherwise scanning goes on in silence. */
  readonly strict: boolean;
  /** Keys without a value become labels without a value. */
  readonly keepEmpty: boolean;
}

export class LogfmtStage implements RowStage {
  readonly labelsOnly = false;
  readonly #hints: Hints;
  readonly #names: Names;
  readonly #options: LogfmtOptions;
  readonly #scan = new LogfmtScan();
  #keys: KeyTable;

  constructor(hints: Hints, names: Names, options: LogfmtOptions) {
    this.#hints = hints;
    this.#names = names;
    this.#options = options;
    this.#keys = this.#table();
  }

  forget(): void {
    this.#keys = this.#table();
  }

  run(row: Row): boolean {
    row.load();
    const { labels } = row;
    const scan = this.#scan;
    scan.start(row.text, row.start, row.end);
    this.#keys.restart();
    while (scan.next()) {
      if (scan.error === undefined && !this.#pair(row)) return false;
      if (scan.error !== undefined && this.#options.strict) {
        labels.fail(LOGFMT_ERROR, scan.error);
        return true;
      }
      if (labels.complete) return true;
    }
    return true;
  }

  /** Takes the pair at hand. False when the row is dropped. */
  #pair(row: Row): boolean {
    const scan = this.#scan;
    const key = this.#keys.find(row.text, scan.keyStart, scan.keyEnd);
    if (key.broken) scan.failKey();
    else if (key.wanted) return this.#extract(row, key.id);
    // A bad escape is an error in a value, too, that nobody asks for.
    else if (scan.escaped && this.#options.strict) scan.unescape();
    return true;
  }

  #extract({ labels }: Row, id: number): boolean {
    const { escaped, valueStart, valueEnd } = this.#scan;
    if (escaped) {
      const text = this.#scan.unescape();
      return text === undefined || labels.extractText(id, cleanText(text));
    }
    if (valueStart === valueEnd && !this.#options.keepEmpty) return true;
    return labels.extract(id, CLEAN, valueStart, valueEnd);
  }

  #table(): KeyTable {
    return new KeyTable((bytes) => this.#key(bytes), newKeyBudget());
  }

  #key(bytes: Uint8Array): Key {
    const { name, broken } = logfmtKey(bytes);
    const wanted = name !== "" && !broken && wantsName(this.#hints, name);
    return { bytes, id: wanted ? this.#names.id(name) : -1, wanted, broken, inner: undefined };
  }
}

/** The label name of a key. A key with bytes that are no UTF-8, or with U+FFFD, is broken. */
export function logfmtKey(bytes: Uint8Array): { name: string; broken: boolean } {
  const text = decodeText(bytes, 0, bytes.length);
  return { name: sanitizeName(text), broken: text.includes("\ufffd") };
}
