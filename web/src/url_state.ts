// SPDX-License-Identifier: Apache-2.0
// The address bar is the state: what a page shows follows from its address alone, so that a link can be
// pasted into a ticket.

export type PageName = "overview" | "log" | "session" | "devices" | "terms" | "explain" | "unknown";

export interface UrlState {
  page: PageName;
  id: string; // of the session page
  filter: string;
  from: string; // RFC 3339, or now-24h; empty: the oldest row
  to: string;
  order: "desc" | "asc";
  live: boolean;
  word: string; // of the terms page
}

const pathOfPage: { [page in PageName]: string } = {
  overview: "/",
  log: "/log",
  session: "/session",
  devices: "/devices",
  terms: "/terms",
  explain: "/explain",
  unknown: "/",
};

export const emptyState: UrlState = {
  page: "overview",
  id: "",
  filter: "",
  from: "",
  to: "",
  order: "desc",
  live: false,
  word: "",
};

function pageOf(path: string): { page: PageName; id: string } {
  const [first = "", second = ""] = path.replace(/^\/+|\/+$/g, "").split("/");
  if (first === "") return { page: "overview", id: "" };
  if (first === "session" && second !== "") return { page: "session", id: safeDecode(second) };
  for (const page of ["overview", "log", "devices", "terms", "explain"] as const) if (first === page) return { page, id: "" };
  return { page: "unknown", id: "" };
}

// An address may be cut or mistyped; that must not stop the page.
function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseUrl(path: string, search: string): UrlState {
  const parameters = new URLSearchParams(search);
  const text = (name: string) => parameters.get(name) ?? "";
  return {
    ...pageOf(path),
    filter: text("filter"),
    from: text("from"),
    to: text("to"),
    order: text("order") === "asc" ? "asc" : "desc",
    live: text("live") === "1",
    word: text("word"),
  };
}

// Only what differs from the default stands in the address, always in the same order.
export function formatUrl(state: UrlState): string {
  const parameters = new URLSearchParams();
  const put = (name: string, value: string) => {
    if (value !== "") parameters.set(name, value);
  };
  if (state.page === "overview" || state.page === "log" || state.page === "session") {
    put("filter", state.filter);
    put("from", state.from);
    put("to", state.to);
  }
  if (state.page === "log" || state.page === "session") put("order", state.order === "asc" ? "asc" : "");
  if (state.page === "log") put("live", state.live ? "1" : "");
  if (state.page === "terms") put("word", state.word);
  const path = state.page === "session" ? `/session/${encodeURIComponent(state.id)}` : pathOfPage[state.page];
  // Brackets and colons are legal in a query and far easier to read in a ticket.
  const query = parameters.toString().replace(/%28/g, "(").replace(/%29/g, ")").replace(/%3A/g, ":").replace(/%2F/g, "/");
  return query ? `${path}?${query}` : path;
}

export interface TimePreset {
  label: string;
  from: string;
  short: string;
}

export const timePresets: readonly TimePreset[] = [
  { label: "Last 15 minutes", short: "15 min", from: "now-15m" },
  { label: "Last hour", short: "1 h", from: "now-1h" },
  { label: "Last 6 hours", short: "6 h", from: "now-6h" },
  { label: "Last 24 hours", short: "24 h", from: "now-24h" },
  { label: "Last 7 days", short: "7 d", from: "now-7d" },
  { label: "Last 30 days", short: "30 d", from: "now-30d" },
  { label: "All time", short: "All", from: "" },
];

export function presetOf(state: Pick<UrlState, "from" | "to">): TimePreset | undefined {
  return state.to === "" ? timePresets.find((preset) => preset.from === state.from) : undefined;
}
