/** What a distributor refuses, in the words of Loki 2.9.1 (spec http-api §3.3; for what only 3.x refuses, in its). */
import type { Tenant } from "../model/tenant.ts";
import { NS_PER_MS, printSeconds } from "../model/time.ts";

/** Reasons as the metric `loki_discarded_samples_total` names them. */
export type Reason =
  | "missing_labels"
  | "max_label_names_per_series"
  | "label_name_too_long"
  | "label_value_too_long"
  | "duplicate_label_names"
  | "greater_than_max_sample_age"
  | "too_far_in_future"
  | "line_too_long"
  | "disallowed_structured_metadata"
  | "structured_metadata_too_large"
  | "structured_metadata_too_many"
  | "missing_enforced_labels"
  | "blocked_ingestion"
  | "blocked_ingestion_policy"
  | "rate_limited";

export interface Refusal {
  readonly reason: Reason;
  readonly text: string;
  /** What to answer when nothing else was refused; 400 when left out. With 200 nobody is told. */
  readonly status?: number;
}

export const MISSING_LABELS: Refusal = {
  reason: "missing_labels",
  text: "error at least one label pair is required per stream",
};

export function tooManyNames(stream: string, count: number, limit: number): Refusal {
  return {
    reason: "max_label_names_per_series",
    text: `entry for stream '${stream}' has ${count} label names; limit ${limit}`,
  };
}

export function nameTooLong(stream: string, name: string): Refusal {
  return {
    reason: "label_name_too_long",
    text: `stream '${stream}' has label name too long: '${name}'`,
  };
}

export function valueTooLong(stream: string, value: string): Refusal {
  return {
    reason: "label_value_too_long",
    text: `stream '${stream}' has label value too long: '${value}'`,
  };
}

export function duplicateName(stream: string, name: string): Refusal {
  return {
    reason: "duplicate_label_names",
    text: `stream '${stream}' has duplicate label name: '${name}'`,
  };
}

/** The policy is Loki's name for a group of streams, "" for those that are in none. */
export function missingEnforced(
  stream: string,
  names: readonly string[],
  { tenant, policy }: { tenant: Tenant; policy: string },
): Refusal {
  return {
    reason: "missing_enforced_labels",
    text: `missing required labels '${names.join(",")}' for user '${tenant}' for stream '${stream}' (policy: '${policy}')`,
  };
}

export function ingestionBlocked(tenant: Tenant, untilMs: number, status: number): Refusal {
  const until = printSeconds(BigInt(untilMs) * NS_PER_MS);
  return {
    reason: "blocked_ingestion",
    text: `ingestion blocked for user '${tenant}' until '${until}' with status code '${status}'`,
    status,
  };
}

/** The same words for the streams of one policy, and which that is. */
export function policyBlocked(
  policy: string,
  about: { tenant: Tenant; untilMs: number; status: number },
): Refusal {
  const { text, status } = ingestionBlocked(about.tenant, about.untilMs, about.status);
  return {
    ...{ reason: "blocked_ingestion_policy", text: `${text} (policy: '${policy}')` },
    ...(status === undefined ? {} : { status }),
  };
}

export function tooOld(stream: string, time: bigint, oldest: bigint): Refusal {
  return {
    reason: "greater_than_max_sample_age",
    text:
      `entry for stream '${stream}' has timestamp too old: ${printSeconds(time)}, ` +
      `oldest acceptable timestamp is: ${printSeconds(oldest)}`,
  };
}

export function tooNew(stream: string, time: bigint): Refusal {
  return {
    reason: "too_far_in_future",
    text: `entry for stream '${stream}' has timestamp too new: ${printSeconds(time)}`,
  };
}

export function lineTooLong(stream: string, size: number, limit: number): Refusal {
  return {
    reason: "line_too_long",
    text:
      `Max entry size '${limit}' bytes exceeded for stream '${stream}' ` +
      `while adding an entry with length '${size}' bytes`,
  };
}

export function metadataDisallowed(stream: string): Refusal {
  return {
    reason: "disallowed_structured_metadata",
    text:
      `stream '${stream}' includes structured metadata, but this feature is disallowed. ` +
      "Please see `limits_config.structured_metadata` or contact your Loki administrator to enable it.",
  };
}

export function metadataTooLarge(stream: string, size: number, limit: number): Refusal {
  return {
    reason: "structured_metadata_too_large",
    text:
      `stream '${stream}' has structured metadata too large: '${size}' bytes, limit: '${limit}' bytes. ` +
      "Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it",
  };
}

export function metadataTooMany(stream: string, count: number, limit: number): Refusal {
  return {
    reason: "structured_metadata_too_many",
    text:
      `stream '${stream}' has too many structured metadata labels: '${count}', limit: '${limit}'. ` +
      "Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it",
  };
}
