/** Bodies of pushes made by hand, valid or not, and what reads each kind. */
import { ProtoWriter } from "../../bytes/proto.ts";
import { utf8 } from "../../bytes/text.ts";
import { DEFAULT_LIMITS } from "../../model/limits.ts";
import { decodeJson } from "../decode-json.ts";
import { decodeProto } from "../decode-proto.ts";
import { decodeOtlpJson } from "../otlp-json.ts";
import { decodeOtlpProto } from "../otlp-proto.ts";
import { otlpRulesOf } from "../otlp-rules.ts";
import { OtlpStreams } from "../otlp-streams.ts";

const otlp = (decode: (bytes: Uint8Array, into: OtlpStreams) => void) => (bytes: Uint8Array) => {
  const into = new OtlpStreams(otlpRulesOf(DEFAULT_LIMITS.otlp), 7n);
  decode(bytes, into);
  return into.take();
};
export const DECODERS = {
  json: decodeJson,
  proto: decodeProto,
  "otlp json": otlp(decodeOtlpJson),
  "otlp proto": otlp(decodeOtlpProto),
};
export type Kind = keyof typeof DECODERS;

/** Bytes again and again. */
export function times(count: number, bytes: Uint8Array | string): Uint8Array {
  const one = typeof bytes === "string" ? utf8(bytes) : bytes;
  const all = new Uint8Array(one.length * count);
  for (let index = 0; index < count; index++) all.set(one, index * one.length);
  return all;
}

export function around(before: string, middle: Uint8Array | string, after: string): Uint8Array {
  const parts = [utf8(before), typeof middle === "string" ? utf8(middle) : middle, utf8(after)];
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const message = (field: number, bytes: Uint8Array) =>
  new ProtoWriter().bytes(field, bytes).take();
/** A message in a message in a message … */
export function nested(fields: readonly number[], inner: Uint8Array): Uint8Array {
  return fields.reduceRight((bytes, field) => message(field, bytes), inner);
}
export const records = (record: string) =>
  `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
export const otlpRecord = (record: Uint8Array) => nested([1, 2, 2], record);
export const attribute = (key: string, value: Uint8Array) =>
  message(6, new ProtoWriter().string(1, key).bytes(2, value).take());
