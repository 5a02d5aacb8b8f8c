// SPDX-License-Identifier: Apache-2.0
// Runs the unit tests of the pages: esbuild makes JavaScript of them, node's own test runner runs it.
import { buildSync } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", ".test-build");
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const tests = readdirSync(here).filter((name) => name.endsWith("_test.ts"));
buildSync({
  entryPoints: tests.map((name) => join(here, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node18",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "empty" },
  logLevel: "warning",
});
const files = tests.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
const done = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
process.exit(done.status ?? 1);
