/** Types of detected fields (spec http-api §4.7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldType, joinTypes, typeOfValue } from "./field-type.ts";

test("typeOfValue() gives the narrowest type", () => {
  const given = (text: string, want: FieldType) => assert.equal(typeOfValue(text), want, text);
  given("200", "int");
  given("-7", "int");
  given("0.037", "float");
  given("1e3", "float");
  given("true", "boolean");
  given("False", "boolean");
  given("15ms", "duration");
  given("1m30s", "duration");
  given("1.5MB", "bytes");
  given("10 KiB", "bytes");
  given("", "string");
  given("inf", "string");
  given("nan", "string");
  given("GET", "string");
  given("10.0.0.1", "string");
  given("2023-10-28", "string");
  given("9".repeat(65), "string");
});

test("joinTypes() gives the type that both fit", () => {
  const given = (a: FieldType | undefined, b: FieldType, want: FieldType) =>
    assert.equal(joinTypes(a, b), want);
  given(undefined, "int", "int");
  given("int", "int", "int");
  given("int", "float", "float");
  given("float", "int", "float");
  given("int", "string", "string");
  given("duration", "bytes", "string");
  given("duration", "int", "string");
});
