/** `| label_format a=b, c="{{ .d }}"`: renames and computes labels (spec logql §10.1). */
import type { TemplateData } from "../../golang/template/values.ts";
import { BadRequest } from "../../model/errors.ts";
import type { LabelFormat } from "../syntax/ast.ts";
import type { LabelBuilder } from "./label-builder.ts";
import type { Names } from "./names.ts";
import type { Row, RowStage } from "./row.ts";
import {
  frozenData,
  type LabelTemplate,
  liveData,
  type StageTemplateOptions,
  TEMPLATE_ERROR,
  templateOf,
} from "./template.ts";

const ERROR = "__error__";

type Step =
  | { readonly kind: "rename"; readonly id: number; readonly source: number }
  | { readonly kind: "template"; readonly id: number; readonly template: LabelTemplate };

export class LabelFormatStage implements RowStage {
  readonly labelsOnly: boolean;
  readonly #steps: readonly Step[];
  readonly #templateCount: number;
  #live: TemplateData | undefined;

  constructor(formats: readonly LabelFormat[], names: Names, options: StageTemplateOptions) {
    refuseNames(formats);
    this.#steps = formats.map((format): Step => {
      const id = names.id(format.name);
      if (format.kind === "rename") return { kind: "rename", id, source: names.id(format.source) };
      const prefix = `invalid template for label '${format.name}': `;
      return {
        kind: "template",
        id,
        template: templateOf("label", format.template, { ...options, prefix }),
      };
    });
    this.#templateCount = formats.filter(({ kind }) => kind === "template").length;
    // A template may look at the line and the time.
    this.labelsOnly = this.#templateCount === 0;
  }

  run(row: Row): boolean {
    const { labels } = row;
    let data: TemplateData | undefined;
    for (const step of this.#steps) {
      if (step.kind === "rename") {
        const value = labels.get(step.source);
        if (value === undefined) continue;
        labels.set(step.id, value);
        labels.delete(step.source);
        continue;
      }
      data ??= this.#dataOf(labels);
      const result = step.template.execute(data, row);
      if (result.error === undefined) labels.set(step.id, result.text);
      else {
        labels.error = TEMPLATE_ERROR;
        labels.details = result.error;
      }
    }
    return true;
  }

  /** All templates of the stage see the labels as the first of them found them. */
  #dataOf(labels: LabelBuilder): TemplateData {
    if (this.#templateCount > 1) return frozenData(labels);
    this.#live ??= liveData(labels);
    return this.#live;
  }
}

function refuseNames(formats: readonly LabelFormat[]): void {
  const seen = new Set<string>();
  for (const { name } of formats) {
    if (name === ERROR) throw new BadRequest(`${ERROR} cannot be formatted`);
    if (seen.has(name)) {
      throw new BadRequest(
        `multiple label name '${name}' not allowed in a single format operation`,
      );
    }
    seen.add(name);
  }
}
