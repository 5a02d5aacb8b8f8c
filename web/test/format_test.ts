// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatCount, formatDuration, formatShare, formatShort, formatTime } from "../src/format";
import { EventParser } from "../src/sse";

test("format: numbers", () => {
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(formatShort(950), "950");
  assert.equal(formatShort(1234), "1.2 k");
  assert.equal(formatShort(999_960), "1.0 M");
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(3_755_829_790), "3.8 GB");
});

test("format: a share of something is never 0 or 100 per cent by rounding", () => {
  assert.equal(formatShare(0, 100), "0 %");
  assert.equal(formatShare(1, 1_000_000), "<0.1 %");
  assert.equal(formatShare(999_999, 1_000_000), ">99.9 %");
  assert.equal(formatShare(100, 100), "100 %");
  assert.equal(formatShare(0, 0), "–");
});

test("format: times are UTC, and what is no time stays", () => {
  assert.equal(formatTime("2026-03-10T00:00:06+01:00"), "2026-03-09 23:00:06");
  assert.equal(formatTime("yesterday"), "yesterday");
  assert.equal(formatTime(null), "–");
  assert.equal(formatDuration(0.25), "250 ms");
  assert.equal(formatDuration(90), "90 s");
  assert.equal(formatDuration(7200), "2 h");
  assert.equal(formatDuration(400 * 86400), "400 days");
  assert.equal(formatDuration(4346 * 86400), "12 years");
});

test("live tail: events are read whole, whatever pieces they arrive in", () => {
  const text = ': heartbeat\n\nevent: record\ndata: {"a":1}\n\nevent: lost\r\ndata: {"rows":\r\ndata: 3}\r\n\r\n';
  for (let size = 1; size <= text.length; size += 1) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
    assert.deepEqual(events, [
      { event: "record", data: '{"a":1}' },
      { event: "lost", data: '{"rows":\n3}' },
    ]);
  }
});
