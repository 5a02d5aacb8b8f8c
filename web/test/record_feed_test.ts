// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { pagesKept, RecordFeed } from "../src/record_feed";
import { scrollTo, scrollWindow, tallest } from "../src/scroll_window";
import type { RecordPage } from "../src/types";

const settle = () => new Promise((done) => setTimeout(done, 0));

// A server with `rows` rows, whose cursor is the number of the first row of a page.
function server(rows: number, size: number) {
  const asked: (string | null)[] = [];
  const fetchPage = async (cursor: string | null): Promise<RecordPage> => {
    asked.push(cursor);
    const begin = Number(cursor ?? 0);
    const end = Math.min(rows, begin + size);
    const records = Array.from({ length: end - begin }, (_, index) => ({ _id: String(begin + index) }));
    return { columns: [], records, next: end < rows ? String(end) : null, total: { rows, exact: true } };
  };
  return { asked, fetchPage };
}

test("feed: a page is fetched when it is looked at, and one more", async () => {
  const { asked, fetchPage } = server(1000, 100);
  const feed = new RecordFeed(fetchPage, () => undefined);
  feed.need(0, 30);
  await settle();
  await settle();
  assert.deepEqual(asked, [null, "100"]);
  assert.equal(feed.row(42)?._id, "42");
  assert.equal(feed.row(199)?._id, "199");
  assert.equal(feed.row(200), undefined);
  assert.equal(feed.total?.rows, 1000);
});

test("feed: all rows are reached by scrolling on, each once and in order", async () => {
  const { asked, fetchPage } = server(950, 100);
  const feed = new RecordFeed(fetchPage, () => undefined);
  feed.need(0, 30);
  for (let round = 0; round < 40 && !feed.complete; round += 1) {
    await settle();
    feed.need(Math.max(0, feed.count - 30), feed.count);
  }
  assert.equal(feed.count, 950);
  assert.equal(asked.length, 10);
  for (let row = 0; row < 950; row += 1) assert.equal(feed.row(row)?._id, String(row));
});

test("feed: pages that were given up are fetched again by their cursor", async () => {
  const { asked, fetchPage } = server(20_000, 100);
  const feed = new RecordFeed(fetchPage, () => undefined);
  feed.need(0, 30);
  for (let round = 0; round < 400 && !feed.complete; round += 1) {
    await settle();
    feed.need(Math.max(0, feed.count - 30), feed.count);
  }
  assert.equal(feed.pages.filter((page) => page.rows).length, pagesKept);
  assert.equal(feed.row(150), undefined);
  const before = asked.length;
  feed.need(120, 160);
  await settle();
  assert.deepEqual(asked.slice(before), ["100"]);
  assert.equal(feed.row(150)?._id, "150");
  assert.equal(feed.count, 20_000);
});

test("feed: a failure is kept until someone tries again", async () => {
  let fails = true;
  const { fetchPage } = server(100, 50);
  const feed = new RecordFeed(
    async (cursor) => {
      if (fails) throw new Error("no");
      return fetchPage(cursor);
    },
    () => undefined,
  );
  feed.need(0, 10);
  await settle();
  assert.ok(feed.error);
  fails = false;
  feed.retry();
  await settle();
  await settle();
  assert.equal(feed.error, null);
  assert.equal(feed.row(0)?._id, "0");
});

test("scrolling: a short list is drawn at its own scale", () => {
  const window = scrollWindow(1000, 26, 2600, 520, 0);
  assert.equal(window.height, 26_000);
  assert.equal(window.first, 100);
  assert.equal(window.last, 120);
  assert.equal(window.topOf(100), 2600);
});

test("scrolling: both ends of two million rows can be reached, in a box that browsers can draw", () => {
  const rows = 2_000_000;
  const view = 600;
  const start = scrollWindow(rows, 26, 0, view, 0);
  assert.equal(start.height, tallest);
  assert.equal(start.first, 0);
  const end = scrollWindow(rows, 26, tallest - view, view, 0);
  assert.equal(end.last, rows);
  // The last row ends where the box ends.
  assert.ok(Math.abs(end.topOf(rows - 1) + 26 - tallest) < 1);
});

test("scrolling: a row that is seen does not move the list, another one does as little as needed", () => {
  assert.equal(scrollTo(5, 1000, 26, 0, 520), 0);
  assert.equal(scrollTo(20, 1000, 26, 0, 520), 21 * 26 - 520);
  assert.equal(scrollTo(3, 1000, 26, 2600, 520), 78);
});
