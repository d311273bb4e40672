/**
 * Loki 3's generic fields: structured metadata that a tenant wants of its lines, each under one name, whatever the
 * names are that applications write it by. It comes from labels, from metadata, or from the line itself.
 */
import { labelValue } from "../labels/labels.ts";
import type { Block } from "../model/block.ts";
import type { Labels } from "../model/labels.ts";
import type { DiscoveredField } from "../model/limits.ts";
import { addMetadata, type Own } from "./added-metadata.ts";
import { firstOf, isJson, lineOf, objectsOf, pairsOf, valueIn } from "./line-fields.ts";

/** The rows with the fields that were found. What a client gave under such a name stays. */
export function withFields(
  block: Block,
  labels: Labels,
  wanted: readonly DiscoveredField[],
): Block {
  const ofStream = wanted.map(({ names }) => firstOf(names, (name) => labelValue(labels, name)));
  return addMetadata(block, (row, own) => {
    const missing = wanted.flatMap((field, index) =>
      own(field.name) === undefined ? [{ ...field, found: ofStream[index] }] : [],
    );
    let read: ((name: string) => string) | undefined;
    return missing.flatMap(({ name, names, found }) => {
      const value =
        found ?? firstOf(names, given(own)) ?? firstOf(names, (read ??= readerOf(block, row)));
      return value === undefined ? [] : [[name, value] as const];
    });
  });
}

const given = (own: Own) => (name: string) => own(name) ?? "";

/** Looks fields of one line up by their names. */
function readerOf(block: Block, row: number): (name: string) => string {
  const line = lineOf(block, row);
  if (!isJson(line)) {
    const pairs = [...pairsOf(line)];
    return (name) => pairs.find(([key]) => key === name)?.[1] ?? "";
  }
  const objects = objectsOf(line, 1);
  return (name) => {
    const value = valueIn(objects, name);
    return typeof value === "object" || value === undefined ? "" : String(value);
  };
}
