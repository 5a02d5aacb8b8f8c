// SPDX-License-Identifier: Apache-2.0
// scroll_speed.mjs URL [ROWS [FROM]]: how smoothly the Log page of a server scrolls through very many rows (1,000,000), in
// Chromium. It scrolls down until so many are in the list, measures the frames on the way and again with all of them in
// the list, up, down and in jumps, and how long a jump shows nothing. Beside it the frames of a page that does nothing,
// which is what the machine gives.
import { launchChromium } from "./chromium.mjs";

const [url, wanted = "1000000", from = "2000-01-01T00:00:00Z"] = process.argv.slice(2);
if (!url) {
  console.error("usage: scroll_speed.mjs URL [ROWS [FROM]]");
  process.exit(2);
}
const rows = Number(wanted);

// In the page: scrolls by `step` pixels a frame for `time` ms and tells how long the frames took.
async function scrollBy({ step, time }) {
  const list = document.querySelector("[role=grid]");
  const frames = [];
  let empty = 0;
  let last = await new Promise(requestAnimationFrame);
  for (const end = last + time; last < end; ) {
    if (list) list.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    if (list && list.querySelector("[data-cell]") === null) empty += 1;
    last = now;
  }
  frames.sort((a, b) => a - b);
  const at = (share) => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))];
  return { count: frames.length, median: at(0.5), high: at(0.95), worst: at(1), late: frames.filter((ms) => ms > 34).length, empty };
}

// In the page: jumps to a share of the list and waits for the row that is to be seen there.
async function jumpTo(share) {
  const list = document.querySelector("[role=grid]");
  list.scrollTop = (list.scrollHeight - list.clientHeight) * share;
  const began = await new Promise(requestAnimationFrame);
  for (let now = began; now < began + 5000; now = await new Promise(requestAnimationFrame)) {
    const box = list.getBoundingClientRect();
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest("[role=row]");
    if (seen?.querySelector("[data-cell]")) return now - began;
  }
  return 5000;
}

const loaded = (page) => page.evaluate(() => Math.max(...[...document.querySelectorAll("[role=row]")].map((row) => Number(row.getAttribute("aria-rowindex")))) - 1);

function report(what, f) {
  const ms = (value) => value.toFixed(1).padStart(6);
  console.log(`  ${ms(f.median)} ms, 95 of 100 below ${ms(f.high)}, longest ${ms(f.worst)}, ${f.late} of ${f.count} above 34 ms, ${f.empty} empty: ${what}`);
}

const browser = await launchChromium();
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto("about:blank");
  console.log("frames");
  report("a page that does nothing", await page.evaluate(scrollBy, { step: 0, time: 3000 }));
  await page.goto(`${url}/log?from=${encodeURIComponent(from)}`);
  await page.waitForSelector("[role=grid] [data-cell]");
  report("scrolling down while rows are fetched", await page.evaluate(scrollBy, { step: 1500, time: 10_000 }));
  const began = Date.now();
  let count = 0;
  while ((count = await loaded(page)) < rows && Date.now() - began < 540_000)
    await page.evaluate(scrollBy, { step: 1_000_000, time: 2000 });
  console.log(`  ${count} rows in the list, after ${((Date.now() - began) / 1000).toFixed(0)} s of scrolling to its end`);
  report("up, with all of them in the list", await page.evaluate(scrollBy, { step: -300, time: 10_000 }));
  report("down", await page.evaluate(scrollBy, { step: 300, time: 10_000 }));
  const jumps = [];
  for (const share of [0.5, 0.1, 0.9, 0.33, 0.77, 0.02, 0.61, 0.25, 0.98]) jumps.push(await page.evaluate(jumpTo, share));
  jumps.sort((a, b) => a - b);
  console.log(`  ${jumps[4].toFixed(0)} ms, longest ${jumps[8].toFixed(0)}: until a jump to anywhere in the list shows its rows`);
  const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  console.log(`  ${(heap / 1e6).toFixed(0)} MB of memory of the page's script`);
} finally {
  await browser.close();
}
