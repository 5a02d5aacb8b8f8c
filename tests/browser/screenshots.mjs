// SPDX-License-Identifier: Apache-2.0
// screenshots.mjs URL FOLDER [NAME...]: every page at 1280 and 390 pixels, dark and light, as PNG files.
// Those of docs/images are made anew by
//   node tests/browser/run.mjs build/endreason screenshots docs/images overview log session devices terms explain
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { launchChromium } from "./chromium.mjs";

const [url, folder, ...wanted] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: screenshots.mjs URL FOLDER [NAME...]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const api = async (path) => (await fetch(`${url}/api/v1${path}`)).json();
const blocked = (await api(`/records?filter=${encodeURIComponent("( final_action eq blocked )")}&limit=1`)).records[0];
const line = (await api(`/records/${blocked._id}`)).raw;

const pages = [
  { name: "overview", path: "/" },
  { name: "log", path: "/log" },
  { name: "session", path: `/session/${blocked._id}` },
  { name: "devices", path: "/devices" },
  { name: "terms", path: "/terms?word=reset" },
  { name: "explain", path: "/explain", act: explain },
  { name: "problem", path: "/log", act: mistype },
];

async function explain(page) {
  await page.fill("textarea", line);
  await page.click("button.primary");
  await page.waitForSelector(".explained-row");
}

async function mistype(page) {
  await page.fill(".filter-field input", "( addr.src in 10.0.0.0/8 ) and ( sesion_end_reason eq threat )");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".filter-problem");
}

const taken = [];
const browser = await launchChromium();
for (const theme of ["light", "dark"])
  for (const width of [1280, 390]) {
    const context = await browser.newContext({ viewport: { width, height: width === 390 ? 844 : 800 }, colorScheme: theme });
    const page = await context.newPage();
    page.on("pageerror", (error) => console.error(`${page.url()}: ${error}`));
    page.on("console", (message) => message.type() === "error" && console.error(`${page.url()}: ${message.text()}`));
    for (const { name, path, act } of pages) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await page.goto(url + path);
      await page.waitForSelector("main *");
      await page.waitForLoadState("networkidle");
      await act?.(page);
      await page.waitForTimeout(150);
      taken.push(`${folder}/${name}-${width}-${theme}.png`);
      await page.screenshot({ path: taken.at(-1) });
    }
    await context.close();
  }
await browser.close();
// To a third of their size, where Debian's pngquant is there: 128 colours are all that a page has.
const small = spawnSync("pngquant", ["--force", "--ext", ".png", "--nofs", "128", ...taken], { stdio: "inherit" });
if (small.error) console.error("pngquant is not there: the pictures are three times as large as they need be");
