/** Templates over the labels of a row: `{{ .level | ToUpper }}` (spec logql §10). */
import {
  compileTemplate,
  type Template,
  type TemplateOptions,
} from "../../golang/template/template.ts";
import { TemplateError } from "../../golang/template/template-error.ts";
import type { TemplateData } from "../../golang/template/values.ts";
import { BadRequest } from "../../model/errors.ts";
import type { Stage } from "../syntax/ast.ts";
import type { Growth } from "./growth.ts";
import type { LabelBuilder } from "./label-builder.ts";
import type { Row } from "./row.ts";

const ERROR = "__error__";
const DETAILS = "__error_details__";
export const TEMPLATE_ERROR = "TemplateFormatErr";

/** The text that a template makes, or why it makes none. */
export type TemplateResult =
  | { readonly text: string; readonly error: undefined }
  | { readonly text: undefined; readonly error: string };

export interface StageTemplateOptions extends TemplateOptions {
  /** Shared by the templates of a query. */
  readonly growth: Growth;
}

export class LabelTemplate {
  readonly #template: Template;
  readonly #growth: Growth;

  constructor(template: Template, growth: Growth) {
    this.#template = template;
    this.#growth = growth;
  }

  execute(data: TemplateData, row: Row): TemplateResult {
    try {
      const text = this.#template.execute(data, row);
      this.#growth.count(text, row.storedSize);
      return { text, error: undefined };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return { text: undefined, error: error.message };
    }
  }
}

/** `name` is what the engine's messages call it; `prefix` goes before what it says of a bad text. */
export function templateOf(
  name: "line" | "label",
  text: string,
  options: StageTemplateOptions & { readonly prefix: string },
): LabelTemplate {
  try {
    return new LabelTemplate(compileTemplate(name, text, options), options.growth);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    throw new BadRequest(options.prefix + error.message, { cause: error });
  }
}

/** The labels that the templates of a stage name: they must be there when it runs. */
export function templateFields(stage: Stage): readonly string[] {
  const texts =
    stage.kind === "line-format"
      ? [stage.template]
      : stage.kind === "label-format"
        ? stage.formats.flatMap((format) => (format.kind === "template" ? [format.template] : []))
        : [];
  return texts.flatMap((text) => fieldsOf(text));
}

function fieldsOf(text: string): readonly string[] {
  try {
    return [...compileTemplate("label", text).fields];
  } catch (error) {
    // Building the stage says in which words.
    if (error instanceof BadRequest) return [];
    throw error;
  }
}

/** The labels as they are whenever they are asked for. */
export function liveData(labels: LabelBuilder): TemplateData {
  return {
    get(name) {
      if (name === ERROR && labels.error !== "") return labels.error;
      if (name === DETAILS && labels.details !== "") return labels.details;
      return labels.get(labels.names.id(name));
    },
    all: () => snapshot(labels),
  };
}

/** The labels as they are now. */
export function frozenData(labels: LabelBuilder): TemplateData {
  const frozen = snapshot(labels);
  return { get: (name) => frozen.get(name), all: () => frozen };
}

function snapshot(labels: LabelBuilder): Map<string, string> {
  const all = new Map<string, string>();
  for (const [name] of labels.base.labels) {
    const value = labels.get(labels.names.id(name));
    if (value !== undefined) all.set(name, value);
  }
  for (let slot = 0; slot < labels.count; slot++) {
    all.set(labels.names.text(labels.id(slot)), labels.value(slot));
  }
  if (labels.error !== "") all.set(ERROR, labels.error);
  if (labels.details !== "") all.set(DETAILS, labels.details);
  return all;
}
