/** What a metric query answers when a line that failed in the pipeline would be counted (spec logql §13). */
import { BadRequest } from "../../model/errors.ts";

export class PipelineError extends BadRequest {
  override readonly name = "PipelineError";

  /** `kind` is the value of `__error__`, `series` the printed labels of the line, errors and all. */
  constructor(kind: string, series: string) {
    super(
      `pipeline error: '${kind}' for series: '${series}'.\n` +
        `Use a label filter to intentionally skip this error. (e.g | __error__!="${kind}").\n` +
        `To skip all potential errors you can match empty errors.(e.g __error__="")\n` +
        `The label filter can also be specified after unwrap. (e.g | unwrap latency | __error__="" )\n`,
    );
  }
}
