/**
 * What parsers are told so that they do less (spec logql §14). It is an optimisation that users see:
 * what a parser does not read can neither fail nor overwrite.
 */
import type { Grouping, LabelFilter, Stage, Unwrap } from "../syntax/ast.ts";
import { bareName } from "./names.ts";

export interface Hints {
  /** No label is asked for, so parsers do not run. */
  readonly skip: boolean;
  /** The only names that parsers extract; undefined when all. */
  readonly wanted: ReadonlySet<string> | undefined;
  /** Rows with parser errors are kept on purpose: the query asks for `__error__`. */
  readonly preserveErrors: boolean;
  /** The first filter of one name alone, wherever it stands: parsers apply it to what they set. */
  readonly early: ReadonlyMap<string, LabelFilter>;
}

const ERROR = "__error__";

/** Log queries extract everything. */
export function logHints(stages: readonly Stage[]): Hints {
  return { skip: false, wanted: undefined, preserveErrors: false, early: earlyFilters(stages) };
}

export interface MetricNeeds {
  readonly stages: readonly Stage[];
  readonly unwrap?: Unwrap | undefined;
  /** Undefined for samples with all labels; `by ()` for samples with none. */
  readonly grouping: Grouping | undefined;
  /** The fields of the templates of a stage. */
  readonly fieldsOf: (stage: Stage) => readonly string[];
}

export function metricHints(needs: MetricNeeds): Hints {
  const early = earlyFilters(needs.stages);
  const { grouping } = needs;
  // Without a list of names that stay, every label may matter.
  if (grouping === undefined || grouping.without) {
    return { skip: false, wanted: undefined, preserveErrors: false, early };
  }
  const wanted = withoutSuffixes(requiredNames(needs));
  return { skip: wanted.size === 0, wanted, preserveErrors: wanted.has(ERROR), early };
}

function requiredNames({ stages, unwrap, grouping, fieldsOf }: MetricNeeds): Set<string> {
  const names = new Set<string>(grouping?.names);
  for (const stage of stages) {
    for (const name of fieldsOf(stage)) names.add(name);
    if (stage.kind === "label-filter") addFilterNames(stage.filter, names);
    if (stage.kind !== "label-format") continue;
    for (const format of stage.formats) if (format.kind === "rename") names.add(format.source);
  }
  if (unwrap !== undefined) {
    names.add(unwrap.name);
    for (const filter of unwrap.filters) addFilterNames(filter, names);
  }
  return names;
}

/** A label `x_extracted` comes from a field `x`. */
function withoutSuffixes(names: ReadonlySet<string>): Set<string> {
  return new Set([...names].flatMap((name) => [name, bareName(name)]));
}

function earlyFilters(stages: readonly Stage[]): Map<string, LabelFilter> {
  const early = new Map<string, LabelFilter>();
  for (const stage of stages) {
    if (stage.kind !== "label-filter") continue;
    const name = singleName(stage.filter);
    if (name !== undefined && !early.has(name)) early.set(name, stage.filter);
  }
  return early;
}

function singleName(filter: LabelFilter): string | undefined {
  switch (filter.kind) {
    case "and":
    case "or":
      return undefined;
    case "string":
      return filter.matcher.name;
    default:
      return filter.name;
  }
}

function addFilterNames(filter: LabelFilter, names: Set<string>): void {
  if (filter.kind === "and" || filter.kind === "or") {
    addFilterNames(filter.left, names);
    addFilterNames(filter.right, names);
  } else names.add(singleName(filter)!);
}

/** Whether an object whose flattened name is `prefix` may hold something that is asked for. */
export function wantsInside(hints: Hints, prefix: string): boolean {
  if (hints.wanted === undefined) return true;
  for (const name of hints.wanted) if (name.startsWith(prefix)) return true;
  return false;
}

export function wantsName(hints: Hints, name: string): boolean {
  return hints.wanted === undefined || hints.wanted.has(name);
}
