// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what is expanded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expandEnvironment } from "./expand.ts";

const ENVIRONMENT = {
  NAME: "loki",
  PATH: "/var/lib/loki/wal",
  EMPTY: "",
  UPPER: "LOKI",
  LONG: "αβγ",
};

function given(text: string, wanted: string): void {
  test(`${text} becomes ${wanted}`, () => {
    assert.equal(expandEnvironment(text, ENVIRONMENT), wanted);
  });
}

function refused(text: string): void {
  test(`${text} is refused`, () => {
    assert.throws(() => expandEnvironment(text, ENVIRONMENT), { message: "missing closing brace" });
  });
}

given("a: ${NAME}", "a: loki");
given("a: ${UNSET}b", "a: b");
given("${UNSET:-def}", "def");
given("${UNSET:=def}", "def");
given("${UNSET=def}", "def");
given("${EMPTY:-def}", "def");
given("${EMPTY=def}", "def");
given("${NAME:-def}", "loki");
given("${UNSET:-}", "");
given("${UNSET:-${NAME}-x}", "loki-x");
given("${UNSET:-http://a:3100/b}", "http://a:3100/b");
given("${#NAME}", "4");
given("${#UNSET}", "0");
given("${#LONG}", "3");
given("${NAME^}", "Loki");
given("${NAME^^}", "LOKI");
given("${UPPER,}", "lOKI");
given("${UPPER,,}", "loki");
given("${NAME:1}", "oki");
given("${NAME:1:2}", "ok");
given("${NAME:9}", "");
given("${PATH#*/}", "var/lib/loki/wal");
given("${PATH##*/}", "wal");
given("${PATH%/*}", "/var/lib/loki");
given("${PATH%%/*}", "");
given("${NAME#x}", "loki");
given("${NAME%k?}", "lo");
given("${PATH/l/L}", "/var/Lib/loki/wal");
given("${PATH//l/L}", "/var/Lib/Loki/waL");
given("${NAME/#lo/x}", "xki");
given("${NAME/%ki/x}", "lox");
given("${NAME/ki}", "lo");
given("$NAME", "$NAME");
given("$$NAME and $${NAME}", "$NAME and ${NAME}");
given("costs 5$", "costs 5$");
given("# ${NAME} in a comment", "# loki in a comment");
given("no variables", "no variables");
refused("a: ${NAME");
refused("${");
refused("${NAME-w}");
refused("${NAME:?w}");
refused("${NAME:+w}");
refused("${NAME+w}");
refused("${}");
