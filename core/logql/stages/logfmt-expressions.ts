/** `| logfmt [flags] a="key", b`: chosen keys under chosen names (spec logql §8.4). */
import type { Extraction } from "../syntax/ast.ts";
import { type Key, KeyTable, newKeyBudget } from "./keys.ts";
import type { LabelBuilder } from "./label-builder.ts";
import { LOGFMT_ERROR, logfmtKey } from "./logfmt.ts";
import { LogfmtScan } from "./logfmt-scan.ts";
import type { Names } from "./names.ts";
import { parseLogfmtKey } from "./paths.ts";
import type { Row, RowStage } from "./row.ts";
import { sanitizeName } from "./sanitize.ts";
import { cleanText, decodeClean } from "./text.ts";

export class LogfmtExpressionStage implements RowStage {
  readonly labelsOnly = false;
  readonly #strict: boolean;
  readonly #ids: readonly number[];
  /** By key of a line, sanitised, the number of the name that gets its value. */
  readonly #targets: ReadonlyMap<string, number>;
  readonly #scan = new LogfmtScan();
  readonly #keys: KeyTable;

  constructor(extractions: readonly Extraction[], names: Names, options: { strict: boolean }) {
    this.#strict = options.strict;
    this.#ids = extractions.map(({ name }) => names.id(name));
    // A key that is itself one of the names goes to that name, unless an expression claims it.
    const targets = new Map(extractions.map(({ name }) => [name, names.id(name)]));
    for (const { name, path } of extractions) {
      targets.set(sanitizeName(parseLogfmtKey(path)), names.id(name));
    }
    this.#targets = targets;
    this.#keys = new KeyTable((bytes) => this.#key(bytes), newKeyBudget());
  }

  run(row: Row): boolean {
    row.load();
    const { labels } = row;
    this.#setEmpty(labels);
    const scan = this.#scan;
    scan.start(row.text, row.start, row.end);
    this.#keys.restart();
    while (scan.next()) {
      if (scan.error === undefined) {
        const key = this.#keys.find(row.text, scan.keyStart, scan.keyEnd);
        if (key.broken) scan.failKey();
        else if (key.wanted) this.#extract(row, key.id);
        else if (scan.escaped && this.#strict) scan.unescape();
      }
      if (scan.error !== undefined && this.#strict) {
        labels.fail(LOGFMT_ERROR, scan.error);
        return true;
      }
    }
    return true;
  }

  /** A name that the stream or the metadata has is left alone until its key is found. */
  #setEmpty(labels: LabelBuilder): void {
    for (const id of this.#ids) if (labels.target(id) === id) labels.set(id, "");
  }

  #extract({ text, labels }: Row, id: number): void {
    const { escaped, valueStart, valueEnd } = this.#scan;
    const value = escaped ? this.#scan.unescape() : decodeClean(text, valueStart, valueEnd);
    if (value !== undefined) labels.set(labels.target(id), cleanText(value));
  }

  #key(bytes: Uint8Array): Key {
    const { name, broken } = logfmtKey(bytes);
    const id = broken ? undefined : this.#targets.get(name);
    return { bytes, id: id ?? -1, wanted: id !== undefined, broken, inner: undefined };
  }
}
