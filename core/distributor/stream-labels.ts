/** What the labels of a pushed stream must be (spec http-api §3.2, step 4). */
import { utf8 } from "../bytes/text.ts";
import { labelValue } from "../labels/labels.ts";
import type { Labels } from "../model/labels.ts";
import type { Limits } from "../model/limits.ts";
import type { Tenant } from "../model/tenant.ts";
import type { Policies } from "./policies.ts";
import {
  duplicateName,
  MISSING_LABELS,
  missingEnforced,
  nameTooLong,
  policyBlocked,
  type Refusal,
  tooManyNames,
  valueTooLong,
} from "./refusals.ts";
import { SERVICE_NAME } from "./service-name.ts";

/** Why the whole stream is refused; undefined when it is not. */
export function refuseLabels(
  labels: Labels,
  text: string,
  {
    limits,
    tenant,
    policies,
    nowMs,
  }: { limits: Limits; tenant: Tenant; policies: Policies; nowMs: number },
): Refusal | undefined {
  if (labels.length === 0) return MISSING_LABELS;
  const namesMax = limits.maxLabelNamesPerSeries;
  const count = countNames(labels, limits);
  if (namesMax > 0 && count > namesMax) return tooManyNames(text, count, namesMax);
  let before: string | undefined;
  for (const [name, value] of labels) {
    if (isLonger(name, limits.maxLabelNameLength)) return nameTooLong(text, name);
    if (isLonger(value, limits.maxLabelValueLength)) return valueTooLong(text, value);
    if (name === before) return duplicateName(text, name);
    before = name;
  }
  const policy = policies.of(labels);
  const missing = policies.enforced(policy).filter((label) => labelValue(labels, label) === "");
  if (missing.length > 0) return missingEnforced(text, missing, { tenant, policy });
  const untilMs = policies.blockedUntilMs(policy);
  if (untilMs <= nowMs) return undefined;
  const { blockIngestionStatusCode: status } = limits;
  return policyBlocked(policy, { tenant, untilMs, status });
}

/** A service name that we may have added ourselves does not count. */
function countNames(labels: Labels, limits: Limits): number {
  if (limits.discoverServiceName.length === 0) return labels.length;
  return labels.filter(([name]) => name !== SERVICE_NAME).length;
}

/** Bytes are what counts; a character has one to three of them a UTF-16 unit. */
function isLonger(text: string, bytesMax: number): boolean {
  if (bytesMax === 0 || text.length * 3 <= bytesMax) return false;
  return text.length > bytesMax || utf8(text).length > bytesMax;
}
