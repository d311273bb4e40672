/** What goes wrong with templates, in the words of Go's text/template. */
import { BadRequest } from "../../model/errors.ts";

/** A template that does not parse, or one that failed on a row. */
export class TemplateError extends BadRequest {
  override readonly name = "TemplateError";
}
