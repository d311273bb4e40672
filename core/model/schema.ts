/**
 * Periods of a schema: which chunk format, key form and index table a moment uses. From
 * `schema_config.configs` of Loki's configuration.
 */

export type SchemaVersion = "v9" | "v10" | "v11" | "v12" | "v13";

export interface SchemaPeriod {
  /** First moment of the period, Unix milliseconds (midnight UTC). It ends where the next one starts. */
  readonly fromMs: number;
  readonly schema: SchemaVersion;
  /** Index type: "tsdb" is the one we write and read. */
  readonly store: string;
  /** Where chunks lie: "filesystem", "s3", "aws", "memory" or a named store. */
  readonly objectStore: string;
  /** Table name prefix such as `index_` or `loki_index_`. */
  readonly indexPrefix: string;
  /** Length of a table, milliseconds: 24 h for tsdb. */
  readonly tableMs: number;
}

/** The whole schema, oldest period first, at least one. */
export type Schema = readonly SchemaPeriod[];

export const DAY_MS = 86_400_000;

/** The period that a moment falls in: the last that starts at or before it, or undefined before the first. */
export function periodAt(schema: Schema, timeMs: number): SchemaPeriod | undefined {
  return schema.findLast((period) => period.fromMs <= timeMs);
}

/** The periods that a stretch of time touches, both ends included, oldest first. */
export function periodsWithin(schema: Schema, fromMs: number, throughMs: number): SchemaPeriod[] {
  return schema.filter((period, index) => {
    const endMs = schema[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    return period.fromMs <= throughMs && fromMs < endMs;
  });
}

/** Chunk format written in a period: 4 (structured metadata) from v13 on, 3 before. */
export function chunkFormatOf(period: SchemaPeriod | undefined): 3 | 4 {
  return period?.schema === "v13" ? 4 : 3;
}

/** Version of the index files written in a period. */
export function indexVersionOf(period: SchemaPeriod | undefined): 2 | 3 {
  return period?.schema === "v13" ? 3 : 2;
}
