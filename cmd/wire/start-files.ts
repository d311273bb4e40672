/** Files that a start needs and a valid configuration may lack: what `-verify-config` tells of beforehand. */
import { readFile } from "node:fs/promises";
import { assertTls } from "../../adapters/bun/tls-front.ts";
import type { Config } from "../../core/config/config.ts";
import { signsIn } from "../../core/config/validate-auth.ts";
import { SILENT } from "../../core/ports/journal.ts";
import { type CheckedSettings, readOverrides } from "./config.ts";
import { readTls, speaksTls, tlsKeys } from "./listener-tls.ts";
import { SignInFiles } from "./sign-in.ts";
import { naming } from "./start-problem.ts";

/** In the words of the start that would fail. */
export async function fileProblems(settings: CheckedSettings): Promise<string[]> {
  const { config } = settings.loaded;
  const problems: string[] = [];
  for (const check of [
    () => readOverrides(settings),
    () => checkTls(config),
    () => signIn(config),
  ]) {
    await check().catch((error) => problems.push(error.message));
  }
  return problems;
}

async function checkTls(config: Config): Promise<void> {
  if (!speaksTls(config)) return;
  await naming(tlsKeys(config), async () => assertTls(await readTls(config, readText)));
}

async function signIn(config: Config): Promise<void> {
  if (!signsIn(config)) return;
  await naming("auth", () => new SignInFiles(config, SILENT).settings(readText));
}

const readText = (path: string) => readFile(path, "utf8");
