/** `| line_format "{{ .msg }}"`: a new line from the labels (spec logql §10). */
import type { TemplateData } from "../../golang/template/values.ts";
import type { Row, RowStage } from "./row.ts";
import {
  type LabelTemplate,
  liveData,
  type StageTemplateOptions,
  TEMPLATE_ERROR,
  templateOf,
} from "./template.ts";

export class LineFormatStage implements RowStage {
  readonly labelsOnly = false;
  readonly #template: LabelTemplate;
  #data: TemplateData | undefined;

  constructor(template: string, options: StageTemplateOptions) {
    this.#template = templateOf("line", template, {
      ...options,
      prefix: "invalid line template: ",
    });
  }

  run(row: Row): boolean {
    // The labels are one object for all rows.
    this.#data ??= liveData(row.labels);
    const result = this.#template.execute(this.#data, row);
    if (result.error === undefined) row.setLine(result.text);
    else {
      row.labels.error = TEMPLATE_ERROR;
      row.labels.details = result.error;
    }
    return true;
  }
}
