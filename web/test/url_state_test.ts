// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyState, formatUrl, parseUrl, presetOf, type UrlState } from "../src/url_state";

const read = (url: string): UrlState => {
  const [path = "", search = ""] = url.split("?");
  return parseUrl(path, search ? `?${search}` : "");
};

const states: UrlState[] = [
  emptyState,
  { ...emptyState, page: "log", filter: "( rule eq 'A & B + C' ) and ( addr.src in 10.0.0.0/8 )", from: "now-24h" },
  { ...emptyState, page: "log", filter: "( url eq 'x?y=1#z%20' )", order: "asc" },
  { ...emptyState, page: "log", live: true },
  { ...emptyState, page: "log", from: "2026-03-10T10:00:00Z", to: "2026-03-10T11:00:00Z" },
  { ...emptyState, page: "session", id: "12/34 ü", filter: "( app eq ssl )", order: "asc" },
  { ...emptyState, page: "terms", word: "aged-out" },
  { ...emptyState, page: "devices" },
  { ...emptyState, page: "explain" },
];
for (const state of states)
  test(`address: ${formatUrl(state)} is read back as the state that it was written from`, () => {
    assert.deepEqual(read(formatUrl(state)), state);
  });

test("address: the default stands for itself, and brackets stay readable", () => {
  assert.equal(formatUrl(emptyState), "/");
  assert.equal(formatUrl({ ...emptyState, page: "log", filter: "( app eq ssl )" }), "/log?filter=(+app+eq+ssl+)");
});

test("address: a page that is not known, a cut escape and odd values do no harm", () => {
  assert.equal(read("/nonsense").page, "unknown");
  assert.equal(read("/overview").page, "overview"); // as somebody may type it
  assert.equal(read("/session/%E0%A4%A").id, "%E0%A4%A");
  assert.equal(read("/log?order=sideways&live=yes").order, "desc");
  assert.equal(read("/log?live=yes").live, false);
  assert.equal(read("/session").page, "unknown");
});

test("address: a preset is known by its beginning, unless there is an end", () => {
  assert.equal(presetOf({ from: "now-24h", to: "" })?.label, "Last 24 hours");
  assert.equal(presetOf({ from: "", to: "" })?.label, "All time");
  assert.equal(presetOf({ from: "now-24h", to: "2026-01-01T00:00:00Z" }), undefined);
});
