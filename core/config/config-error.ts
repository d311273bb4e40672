/** What is wrong with a configuration, all of it. */
import { BadRequest } from "../model/errors.ts";

export interface ConfigProblem {
  /** As it is shown, with `line 4: ` in front where there is a line. */
  readonly text: string;
  readonly line?: number;
  readonly column?: number;
}

/** Which part is wrong decides how it is reported: a flag gives exit code 2, the rest 1. */
export type ConfigErrorKind = "flag" | "file" | "values";

export class ConfigError extends BadRequest {
  override readonly name = "ConfigError";
  readonly kind: ConfigErrorKind;
  readonly problems: readonly ConfigProblem[];

  constructor(kind: ConfigErrorKind, message: string, problems: readonly ConfigProblem[]) {
    super(message);
    this.kind = kind;
    this.problems = problems;
  }
}
