// SPDX-License-Identifier: Apache-2.0
// The pages in Debian's Chromium, on a real server that was fed the real logs of data/samples. What they
// show is compared with what the command line says of the same logs.
//
// ENDREASON_URL: the server; ENDREASON: the program. tests/browser/run.mjs sets both.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launchChromium } from "./chromium.mjs";
import { lowContrast, namelessControls, outline, sidewaysOverflow } from "./page_checks.mjs";

const url = process.env.ENDREASON_URL;
const program = process.env.ENDREASON;
const samples = join(fileURLToPath(new URL("../..", import.meta.url)), "data/samples");

const explain = (...options) => execFileSync(program, ["explain", "-q", ...options, join(samples, "logs")], { encoding: "utf8", maxBuffer: 1 << 28 });
// The server keeps a row once that came twice; the samples have such a row.
function records(filter) {
  const seen = new Set();
  return explain("-o", "ndjson", ...(filter ? ["-f", filter] : []))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((record) => {
      const key = `${record.serial}/${record.vsys}/${record.seqno}`;
      return !Number(record.seqno) || (!seen.has(key) && seen.add(key));
    });
}
const api = async (path) => (await fetch(`${url}/api/v1${path}`)).json();
const number = (text) => Number(text.replace(/[^\d]/g, ""));

let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());

// Opens a page; whatever goes wrong in it fails the test.
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 40[0-9]/.test(message.text())) troubles.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) troubles.push(`asked another host: ${request.url()}`);
  });
  await page.goto(url + path);
  if (path.includes("live=1")) await page.waitForSelector(".row-count strong"); // its connection stays open
  else await page.waitForLoadState("networkidle");
  return { page, context, troubles };
}

function pageTest(name, path, body, options) {
  test(name, async () => {
    const { page, context, troubles } = await open(path, options);
    try {
      await body(page, context);
      assert.deepEqual(troubles, []);
    } finally {
      await context.close();
    }
  });
}

const filterField = ".filter-field input";
const rowCount = async (page) => number(await page.textContent(".row-count strong"));
const filterOf = (page) => new URL(page.url()).searchParams.get("filter") ?? "";
async function applyFilter(page, filter) {
  await page.fill(filterField, filter);
  await page.keyboard.press("Escape"); // the completions
  await page.click(".filter-field button.primary");
}

pageTest("overview: the numbers are those of the command line", "/", async (page) => {
  const all = records().filter((record) => record.subtype !== "start");
  const count = (wanted) => all.filter(wanted).reduce((sum, record) => sum + (record.repeatcnt ?? 1), 0);
  const shown = await page.locator(".tile-number").allTextContents();
  assert.deepEqual(shown.map(number), [
    count((one) => one.final_action === "blocked"),
    count((one) => one.final_action === "allowed" && one.outcome === "failed"),
    count((one) => one.final_action === "allowed" && one.outcome !== "failed"),
    count((one) => one.final_action === "undetermined"),
  ]);
  assert.equal(number(await page.textContent(".big-number >> nth=0")), count((one) => one.action === "allow" && one.final_action === "blocked"));
  assert.equal(number(await page.textContent(".big-number >> nth=1")), count((one) => one.contradictions?.length > 0));
});

pageTest("overview: a tile leads to its rows", "/", async (page) => {
  await page.click(".tile >> nth=0");
  await page.waitForSelector(".cell-verdict");
  assert.equal(new URL(page.url()).pathname, "/log");
  assert.equal(await rowCount(page), records("( final_action eq blocked )").length);
  const words = await page.locator(".row:not(.head) .word").allTextContents();
  assert.ok(words.length > 0 && words.every((word) => word.startsWith("Blocked")));
});

pageTest("overview: every finding and every bar leads to rows", "/", async (page) => {
  await page.waitForSelector(".findings a");
  await page.waitForSelector(".bars a");
  const links = await page.locator(".findings a, .bars a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  assert.ok(links.length > 5);
  for (const link of links) {
    const answer = await api(`/records?limit=1&filter=${encodeURIComponent(new URLSearchParams(link.split("?")[1]).get("filter"))}`);
    assert.ok(answer.records?.length === 1, `${link}: ${JSON.stringify(answer).slice(0, 200)}`);
  }
});

pageTest("log: all rows are there, newest first, and the verdict is the first word of a row", "/log", async (page) => {
  assert.equal(await rowCount(page), records().length);
  const times = await page.locator('.row:not(.head) .cell.kind-time[data-cell$="-2"]').allTextContents();
  assert.ok(times.length > 10);
  assert.deepEqual(times, [...times].sort().reverse());
  assert.match(await page.textContent(".row:not(.head) .word >> nth=0"), /^(Allowed|Blocked|Undetermined)/);
});

const filters = [
  "( addr.src in 192.168.0.0/16 ) and ( session_end_reason eq aged-out ) and ( outcome eq failed )",
  "( action eq deny ) or ( app contains DNS )",
  "not ( subtype eq end ) and ( rule neq 'Permit All' )",
  "( contradictions neq none )",
];
for (const filter of filters)
  pageTest(`log: ${filter} finds what the command line finds`, `/log?filter=${encodeURIComponent(filter)}`, async (page) => {
    const wanted = records(filter).length;
    assert.ok(wanted > 0);
    assert.equal(await rowCount(page), wanted);
    assert.equal(await page.inputValue(filterField), filter);
  });

pageTest("filter bar: an address that was pasted alone is looked for on both sides", "/log", async (page) => {
  await page.fill(filterField, "10.0.0.53");
  await page.keyboard.press("Enter");
  await page.waitForURL(/filter=/);
  assert.equal(filterOf(page), "( addr in 10.0.0.53 )");
  await page.waitForSelector(`.row-count strong:text-is("${records("( addr in 10.0.0.53 )").length}")`);
});

pageTest("filter bar: a word alone is told where it may be looked for, a sign which word it is", "/log", async (page) => {
  await page.fill(filterField, "dns");
  await page.keyboard.press("Enter");
  assert.match(await page.textContent(".filter-problem"), /Say the column: \( app eq dns \)/);
  await page.fill(filterField, "bytes > 1000");
  await page.keyboard.press("Enter");
  await page.click(".filter-problem button:has-text('gt')");
  assert.equal(await page.inputValue(filterField), "bytes gt 1000");
});

pageTest("filter bar: a mistake is shown with a caret under it, and the nearest name mends it", "/log", async (page) => {
  const begun = page.url();
  await applyFilter(page, "( app eq ssl ) and ( sesion_end_reason eq threat )");
  await page.waitForSelector(".filter-problem");
  const [line, caret] = (await page.textContent(".filter-problem pre")).split("\n");
  assert.equal(line.slice(caret.indexOf("^")).split(" ")[0], "sesion_end_reason");
  assert.equal(page.url(), begun, "a filter that is wrong is not applied");
  await page.click(".filter-problem button >> text=session_end_reason");
  assert.equal(await page.inputValue(filterField), "( app eq ssl ) and ( session_end_reason eq threat )");
  await page.keyboard.press("Enter");
  await page.waitForURL(/filter=/);
});

pageTest("filter bar: a whole filter is written with the keyboard by completion", "/log", async (page) => {
  await page.keyboard.press("/");
  await page.keyboard.type("( final_a");
  await page.waitForSelector("#filter-choices");
  await page.keyboard.press("Tab");
  await page.keyboard.type("eq blo");
  await page.waitForSelector("#filter-choices >> text=blocked");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.getAttribute(filterField, "aria-activedescendant"), "choice-0");
  await page.keyboard.press("Enter");
  await page.keyboard.type(")");
  await page.keyboard.press("Enter");
  await page.waitForURL(/filter=/);
  assert.equal(filterOf(page), "( final_action eq blocked )");
});

pageTest("filter bar: values of a column come from what is stored", "/log", async (page) => {
  await page.click(filterField);
  await page.keyboard.type("( app eq ");
  await page.waitForSelector("#filter-choices >> text=dns");
  const offered = await page.locator("#filter-choices [role=option] .mono").allTextContents();
  const stored = new Set(records().map((record) => record.app));
  assert.ok(offered.length > 3 && offered.every((app) => stored.has(app)), offered.join());
});

pageTest("log: a click on a cell adds it to the filter, with Alt it leaves it out, and Back takes it away", "/log", async (page) => {
  const cell = page.locator(".row:not(.head) .cell", { hasText: /^dns$/ }).first();
  await cell.click();
  await page.waitForURL(/filter=/);
  assert.equal(filterOf(page), "( app eq dns )");
  const user = page.locator(".row:not(.head) .cell", { hasText: /^Permit All$/ }).first();
  await user.click({ modifiers: ["Alt"] });
  await page.waitForFunction(() => location.search.includes("neq"));
  assert.equal(filterOf(page), "( app eq dns ) and ( rule neq 'Permit All' )");
  await page.waitForFunction((wanted) => document.querySelector(".row-count strong")?.textContent === wanted, String(records(filterOf(page)).length));
  await page.goBack();
  await page.goBack();
  assert.equal(filterOf(page), "");
});

pageTest("log: j, k and Enter open a session, Esc comes back to the same row", "/log?filter=(+subtype+neq+start+)", async (page) => {
  for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
  assert.equal(await page.getAttribute(".row.active", "id"), "row-2");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".verdict-head");
  assert.match(page.url(), /\/session\//);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".row.active");
  assert.equal(await page.getAttribute(".row.active", "id"), "row-2");
  assert.equal(filterOf(page), "( subtype neq start )");
});

pageTest("log: chosen columns are kept", "/log", async (page) => {
  await page.click(".toolbar button:has-text('Columns')");
  await page.fill("dialog[open] input[type=search]", "natsrc");
  await page.check("dialog[open] label:has-text('natsrc')");
  await page.click("dialog[open] .chosen li:has-text('Why') button[aria-label^='Hide']");
  await page.keyboard.press("Escape");
  await page.reload();
  await page.waitForSelector(".row:not(.head) .cell-verdict");
  const heads = await page.locator(".head [role=columnheader]").allTextContents();
  assert.ok(heads.includes("NAT Source IP") && !heads.includes("Why"), heads.join());
});

pageTest("log: the export has every row that matches", "/log?filter=(+final_action+eq+blocked+)", async (page) => {
  await page.click("summary:has-text('Export')");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".menu-item:has-text('NDJSON')")]);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, records("( final_action eq blocked )").length);
  assert.ok(lines.every((record) => record.final_action === "blocked"));
});

test("log: the view is copied as a command, as curl and as SQL, and curl gives the same rows", async () => {
  const { page, context } = await open("/log?filter=(+rule+neq+'Permit+All'+)+and+(+app+eq+dns+)", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.click("summary:has-text('Copy as')");
  const copied = {};
  for (const word of ["Command line", "curl", "SQL", "Filter"]) {
    await page.click(`.menu-item:has-text('${word}')`);
    await page.waitForSelector(`.menu [role=status]:has-text('${word} copied')`);
    copied[word] = await page.evaluate(() => navigator.clipboard.readText());
  }
  await context.close();
  assert.equal(copied.Filter, "( rule neq 'Permit All' ) and ( app eq dns )");
  assert.match(copied["Command line"], /^endreason query /);
  assert.match(copied.SQL, /Permit All/);
  const rows = execFileSync("bash", ["-c", copied.curl], { encoding: "utf8" }).trim().split("\n");
  assert.equal(rows.length, records(copied.Filter).length);
});

pageTest("session: the page says what the card says, and its evidence leads to rows", "/log?filter=(+action+eq+deny+)", async (page) => {
  await page.click(".cell-open button >> nth=1");
  await page.waitForSelector(".verdict-head");
  const raw = await page.textContent(".raw");
  const card = execFileSync(program, ["explain", "-q", "-o", "card", "-"], { input: `${raw}\n`, encoding: "utf8" });
  const headline = await page.textContent(".verdict-head h1");
  assert.equal(card.split("\n")[0].replace(/^\S+\s+/, ""), headline);
  assert.equal((await page.textContent(".verdict-word")).toUpperCase(), card.split(" ")[0]);
  const codes = await page.locator(".checks code").allTextContents();
  for (const code of codes) assert.ok(card.replace(/\s+/g, " ").includes(code.replace(/\s+/g, " ")), code);
  assert.ok((await page.locator(".pairs tr").count()) > 20, "all columns are there");
  assert.ok((await page.locator(".story li.current").count()) === 1);
});

pageTest("devices: what was received is stored, spooled, rejected or of another type", "/devices", async (page) => {
  const [received, ...parts] = (await page.locator(".equation-number").allTextContents()).map(number);
  assert.equal(received, parts.reduce((sum, part) => sum + part, 0));
  assert.ok(await page.isVisible("text=Everything is accounted for"));
  const serials = new Set(records().map((record) => record.serial ?? ""));
  assert.equal(number(await page.textContent("h2:has-text('firewall')")), serials.size);
  assert.match(await page.textContent("section:has(h2:has-text('Rejected lines'))"), /23\.200/, "the rejected line of the samples, with what was found");
});

pageTest("devices: on a telephone no part of a table is out of sight, and each cell has its name", "/devices", async (page) => {
  await page.waitForSelector(".table");
  const wide = await page.locator(".table-scroll").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent.slice(0, 60)));
  assert.deepEqual(wide, []);
  const nameless = await page.locator(".table tbody td").evaluateAll((all) => all.filter((cell) => cell.textContent !== "" && !cell.dataset.label).length);
  assert.equal(nameless, 0);
}, { viewport: { width: 390, height: 844 } });

// A row that was received before it was logged is of a clock that is ahead.
test("devices: a clock is ahead when its rows come from the future, and behind when they come late", async () => {
  for (const [off, word] of [
    [-600, "clock 10 min ahead"],
    [600, "clock 10 min behind"],
  ]) {
    const { page, context } = await open("/explain");
    await page.route("**/api/v1/devices", async (route) => {
      const devices = await (await route.fetch()).json();
      await route.fulfill({ json: devices.map((device, index) => ({ ...device, missing: 0, clock_off_seconds: index === 0 ? off : null, lag_seconds: index === 0 ? off : null })) });
    });
    await page.click("nav a[href='/devices']");
    assert.equal((await page.textContent("main .badge.status-failed:has-text('clock')")).trim(), word);
    await context.close();
  }
});

pageTest("devices: an alert that fires says so, and that its webhook is not reached, and leads to its rows", "/devices", async (page) => {
  const row = page.locator("tr:has-text('something is blocked')");
  await row.locator("text=firing").waitFor({ timeout: 20_000 });
  assert.match(await row.textContent(), /127\.0\.0\.1/);
  assert.match(await page.textContent("tr:has-text('no such application')"), /quiet/);
  await row.locator("a").click();
  await page.waitForSelector(".cell-verdict");
  assert.equal(filterOf(page), "( final_action eq blocked )");
});

pageTest("terms: the search finds a word, its meaning and its source", "/terms", async (page) => {
  await page.keyboard.press("/");
  await page.keyboard.type("incomplete");
  await page.waitForURL(/word=incomplete/);
  const first = page.locator(".term").first();
  assert.equal(await first.locator("dt .mono").textContent(), "incomplete");
  assert.match(await first.textContent(), /handshake did not complete/);
  await page.fill("input[type=search]", "no such word");
  assert.match(await page.textContent(".notice-empty"), /No term has/);
});

pageTest("explain: pasted lines are explained and nothing is stored", "/explain", async (page) => {
  const stored = (await api("/status")).store.rows;
  const log = readFileSync(join(samples, "logs/panos-7-syslog.log"), "utf8");
  await page.fill("textarea", log);
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".explained-row");
  const wanted = execFileSync(program, ["explain", "-q", "-o", "ndjson", join(samples, "logs/panos-7-syslog.log")], { encoding: "utf8" }).trim().split("\n");
  assert.equal(await page.locator(".explained-row").count(), wanted.length);
  assert.equal((await api("/status")).store.rows, stored);
});

pageTest("explain: a capture is tracked, and what is no log says so", "/explain", async (page) => {
  await page.setInputFiles("input[type=file]", join(samples, "captures/arkime-tcp-handshakes.pcap"));
  await page.waitForSelector(".explained-row");
  assert.ok((await page.locator(".explained-row").count()) > 0);
  await page.fill("textarea", "this is no log\n");
  await page.click("button.primary");
  await page.waitForSelector(".notice-empty");
});

pageTest("explain: a capture whose packets make no session says why", "/explain", async (page) => {
  // Ethernet; 10.0.0.1:40000 -> 10.0.0.2:443, an ACK that no SYN came before.
  const packet = "0200000000020200000000010800" + "450000280001000040060000" + "0a0000010a000002" + "9c4001bb000000010000000150101000" + "00000000";
  const length = (packet.length / 2).toString(16).padStart(2, "0") + "000000";
  const bytes = Buffer.from(`d4c3b2a1020004000000000000000000ffff000001000000${"0000000000000000"}${length}${length}${packet}`, "hex");
  await page.setInputFiles("input[type=file]", { name: "midway.pcap", mimeType: "application/octet-stream", buffer: bytes });
  await page.waitForSelector(".notice-empty");
  assert.match(await page.textContent(".notice-empty"), /No packet in it belongs to a session/);
  assert.match(await page.textContent(".hints"), /1 TCP packet belongs to no session because no SYN was seen.*--tcp-reject-non-syn no/);
  assert.equal((await page.textContent(".accounting")).trim(), "midway.pcap: 1 packet");
});

pageTest("live tail: rows appear as they are received", "/log?live=1", async (page) => {
  const line = "1,2026/11/01 10:00:00,001801000001,TRAFFIC,end,2817,2026/11/01 10:00:00,10.9.8.7,203.0.113.7,,,Live rule,,,ssl,vsys1,trust,untrust,,,,2026/11/01 10:00:00,77,1,50000,443,0,0,0x1c,tcp,allow,142,78,64,2,2026/11/01 10:00:00,0,any,,99001,0x0,,,,1,1,tcp-rst-from-server";
  const posted = await fetch(`${url}/api/v1/ingest`, { method: "POST", body: `${line}\n` });
  assert.equal(posted.status, 200);
  await page.waitForSelector(".row .cell:has-text('10.9.8.7')", { timeout: 10_000 });
});

for (const path of ["/", "/log"])
  pageTest(`nothing found: ${path} says when the newest row is, and leads there`, `${path}?from=now-15m`, async (page) => {
    assert.match(await page.textContent(".notice-empty"), /No row is of this time.*The newest row is of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, .* ago/s);
    assert.equal(await page.locator("text=Clear the filter").count(), 0, "there is none");
    await page.click("button:has-text('newest row')");
    await page.waitForSelector(path === "/" ? ".tile" : ".cell-verdict");
  });

pageTest("explain: sessions of a capture stand one below the other, told apart by their ports", "/explain", async (page) => {
  await page.setInputFiles("input[type=file]", join(samples, "captures/arkime-tcp-handshakes.pcap"));
  await page.waitForSelector(".explained-row");
  const tuples = page.locator(".explained-tuple");
  const places = await tuples.evaluateAll((all) => [...new Set(all.map((one) => Math.round(one.getBoundingClientRect().left)))]);
  assert.equal(places.length, 1, places.join(" "));
  const texts = await tuples.allTextContents();
  assert.equal(new Set(texts).size, texts.length, texts.join("\n"));
});

pageTest("explain: what was in the text is told in words", "/explain", async (page) => {
  await page.fill("textarea", readFileSync(join(samples, "logs/panos-8.1-syslog.log"), "utf8").split("\n")[0]);
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector(".explained-row");
  assert.equal((await page.textContent(".accounting")).trim(), "the pasted text: 1 line · 1 traffic row");
});

// Whoever has no mouse sees where he is, and where he is is in sight.
for (const path of ["/", "/log", "/devices", "/terms", "/explain"])
  pageTest(`keyboard: the focus is seen at every stop of ${path}`, path, async (page) => {
    const stops = new Set();
    for (let at = 0; at < 25; at += 1) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        // A field in a frame of its own, or a file behind its button, shows it there.
        const seen = [element, element.parentElement, element.closest("label")].some((one) => {
          const style = one && getComputedStyle(one);
          return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none");
        });
        const { top, bottom } = element.getBoundingClientRect();
        return { what: element.outerHTML.slice(0, 120), seen, inSight: bottom > 0 && top < innerHeight };
      });
      if (!stop) continue;
      stops.add(stop.what);
      assert.ok(stop.seen, `no ring: ${stop.what}`);
      assert.ok(stop.inSight, `out of sight: ${stop.what}`);
    }
    assert.ok(stops.size >= 8, [...stops].join("\n"));
  });

const allPages = ["/", "/log", "/devices", "/terms", "/explain", "/nowhere", "/log?filter=(+app+eq+none-such+)"];
for (const colorScheme of ["light", "dark"])
  for (const width of [1280, 390])
    test(`every page, ${colorScheme}, ${width} pixels: contrast, names, headings, nothing sticks out`, async () => {
      const session = `/session/${(await api(`/records?limit=1&filter=${encodeURIComponent("( final_action eq blocked )")}`)).records[0]._id}`;
      const { page, context, troubles } = await open("/", { colorScheme, viewport: { width, height: 844 } });
      for (const path of [...allPages, session]) {
        await page.goto(url + path);
        await page.waitForLoadState("networkidle");
        for (const check of [lowContrast, namelessControls, outline, sidewaysOverflow]) assert.deepEqual(await page.evaluate(check), [], `${path}: ${check.name}`);
      }
      // The checks can fail: each finds what is planted.
      await page.evaluate(() => {
        const plant = document.createElement("div");
        plant.style.width = "3000px";
        plant.innerHTML = "<p></p><button></button><h3>x</h3>";
        plant.firstChild.textContent = "faint";
        plant.firstChild.style.color = getComputedStyle(document.body).backgroundColor;
        document.querySelector("main").replaceChildren(plant);
      });
      for (const check of [lowContrast, namelessControls, outline, sidewaysOverflow]) assert.ok((await page.evaluate(check)).length > 0, check.name);
      await context.close();
      assert.deepEqual(troubles, []);
    });

pageTest("theme: the switch wins over the system, and is kept", "/", async (page) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const system = await ground();
  await page.keyboard.press("t");
  const chosen = await ground();
  assert.notEqual(chosen, system);
  await page.reload();
  assert.equal(await ground(), chosen);
}, { colorScheme: "light" });

test("server: a page may run no script but its own, and stand in no frame", async () => {
  const answer = await fetch(`${url}/log`);
  const policy = answer.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.ok(!/unsafe/.test(policy));
  const again = await fetch(`${url}/log`, { headers: { "If-None-Match": answer.headers.get("etag") } });
  assert.equal(again.status, 304);
});

test("server: each state that it may be in is said in words at the top", async () => {
  const states = JSON.parse(readFileSync(join(fileURLToPath(new URL("../..", import.meta.url)), "src/server/openapi.json"), "utf8")).components.schemas.Status.properties.state.enum;
  for (const state of states) {
    const { page, context } = await open("/explain");
    await page.route("**/api/v1/status", async (route) => {
      await route.fulfill({ json: { ...(await (await route.fetch()).json()), state, problem: state === "running" ? null : "the disk is full" } });
    });
    await page.reload();
    await page.waitForSelector(".server-rows");
    assert.match(await page.textContent(".server-state"), state === "running" ? /rows · running$/ : /rows · [a-z :]+$/, state);
    await context.close();
  }
});

test("server: when it does not answer, the page says so and goes on when it does", async () => {
  const { page, context } = await open("/");
  await page.route("**/api/v1/**", (route) => route.abort());
  await page.click("nav a:has-text('Devices')");
  await page.waitForSelector("text=the server does not answer");
  await page.unroute("**/api/v1/**");
  await page.waitForSelector(".equation", { timeout: 15_000 });
  await context.close();
});

test("a token is asked for once and used", async () => {
  const { page, context } = await open("/");
  await page.route("**/api/v1/**", (route) =>
    route.request().headers().authorization === "Bearer right"
      ? route.continue()
      : route.fulfill({ status: 401, contentType: "application/json", body: '{"error":{"code":"unauthorized","message":"a token is required"}}' }),
  );
  await page.reload();
  await page.waitForSelector("dialog[open] input[type=password]");
  await page.fill("dialog[open] input", "right");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".tile-number");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await context.close();
});
