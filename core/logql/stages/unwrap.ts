/** `| unwrap duration(took) | __error__=""`: the value of a sample from a label (spec logql §12). */
import type { Unwrap } from "../syntax/ast.ts";
import type { LabelTest } from "./label-builder.ts";
import { compileLabelFilter } from "./label-filter.ts";
import type { Names } from "./names.ts";
import { QUANTITIES, type Quantity, quantityOf } from "./quantity.ts";
import type { Row } from "./row.ts";

export const UNWRAP_ERROR = "SampleExtractionErr";

const CONVERSIONS: Readonly<Record<NonNullable<Unwrap["conversion"]>, Quantity>> = {
  bytes: QUANTITIES.bytes,
  duration: QUANTITIES.duration,
  duration_seconds: QUANTITIES.duration,
};

export class UnwrapValue {
  readonly #id: number;
  readonly #conversion: Quantity;
  readonly #filters: readonly LabelTest[];

  constructor(unwrap: Unwrap, names: Names) {
    this.#id = names.id(unwrap.name);
    this.#conversion =
      unwrap.conversion === undefined ? QUANTITIES.number : CONVERSIONS[unwrap.conversion];
    this.#filters = unwrap.filters.map((filter) => compileLabelFilter(filter, names));
  }

  /**
   * The value, or undefined when the row gives no sample: the label is missing or empty, or a filter
   * behind `unwrap` refuses the row. A text that is no value gives 0 and sets the row's error.
   */
  of({ labels }: Row): number | undefined {
    const value = quantityOf(labels, this.#id, this.#conversion);
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") {
      labels.error = UNWRAP_ERROR;
      labels.details = this.#conversion.error(value);
    }
    for (const filter of this.#filters) if (!filter.test(labels)) return undefined;
    return typeof value === "number" ? value : 0;
  }
}
