/** Writes core/http/API.md. A test says when it has to be run again. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { apiPage } from "../core/http/api-page.ts";
import { everyRoute } from "../fixtures/http/routes.ts";

const file = join(resolve(import.meta.dirname, ".."), "core/http/API.md");
writeFileSync(file, apiPage(everyRoute()));
console.log(`wrote ${file}`);
