// SPDX-License-Identifier: Apache-2.0
// run.mjs PROGRAM [screenshots FOLDER [NAME...]]: starts PROGRAM serve on an empty folder with the real logs of
// data/samples, and runs the tests of this folder on it, or takes pictures. Its exit code is theirs.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const [given, what, folder, ...names] = process.argv.slice(2);
if (!given) {
  console.error("usage: run.mjs PROGRAM [screenshots FOLDER [NAME...]]");
  process.exit(2);
}
const program = resolve(given);

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

// All of the samples is stored, or it is said what happened instead.
async function stored(url, server) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    try {
      const sums = await (await fetch(`${url}/api/v1/accounting`)).json();
      if (sums.stored > 0 && sums.spooled === 0 && sums.by_source.length >= 4) return;
    } catch {
      // It does not listen yet.
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error("the samples were not stored within 30 s");
}

const data = mkdtempSync(join(tmpdir(), "endreason-browser-"));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const samples = join(root, "data/samples/logs");
// One alert that the samples set off, whose webhook nobody answers, and one that stays quiet.
const config = join(data, "endreason.yaml");
writeFileSync(
  config,
  `serve:
  alerts:
    - {name: something is blocked, filter: "( final_action eq blocked )", threshold: 3, window-seconds: 3600, webhook: "http://127.0.0.1:9/hook"}
    - {name: no such application, filter: "( app eq none-such )", threshold: 1, webhook: "http://127.0.0.1:9/hook"}
`,
);
const server = spawn(program, ["serve", "--config", config, "--folder", data, "--http", `127.0.0.1:${port}`, "--no-listen", "--keep-raw", "--load", samples], { stdio: ["ignore", "inherit", "inherit"] });
let status = 1;
try {
  await stored(url, server);
  const environment = { ...process.env, ENDREASON_URL: url, ENDREASON: program };
  const task = what === "screenshots" ? [join(here, "screenshots.mjs"), url, resolve(folder), ...names] : ["--test", "--test-reporter=tap", join(here, "pages_test.mjs")];
  status = spawnSync(process.execPath, task, { stdio: "inherit", env: environment }).status ?? 1;
} catch (error) {
  console.error(`run.mjs: ${error.message}`);
} finally {
  server.kill("SIGTERM");
  await new Promise((done) => (server.exitCode !== null ? done() : server.once("exit", done)));
  rmSync(data, { recursive: true, force: true });
}
process.exit(status);
