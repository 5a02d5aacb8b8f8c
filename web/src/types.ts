// SPDX-License-Identifier: Apache-2.0
// What the API answers, as far as the pages read it. Keys are the server's own.

export type FinalAction = "allowed" | "blocked" | "undetermined";
export type Outcome = "succeeded" | "partial" | "failed" | "in-progress" | "unknown";
// Objects are rare: _extra, the columns behind the last one that is known.
export type Value = string | number | boolean | null | string[] | { [name: string]: string };

// A row: PAN-OS columns, verdict columns, and where it came from (names with an underscore).
export interface LogRecord {
  _id: string;
  final_action?: FinalAction;
  outcome?: Outcome;
  reason_code?: string;
  [column: string]: Value | undefined;
}

export interface Count {
  rows: number;
  sessions: number;
  bytes: number;
}

export interface Totals extends Count {
  final_action: ({ final_action: FinalAction; decided_by?: string } & Count)[];
  outcome: ({ final_action: FinalAction; outcome: Outcome } & Count)[];
}

export interface Step {
  time: string;
  allowed: number;
  allowed_failed: number;
  blocked: number;
  undetermined: number;
  bytes: number;
}

export interface TopItem {
  name: string;
  title?: string;
  final_action?: FinalAction;
  outcome?: Outcome;
  sessions: number;
  bytes: number;
  filter: string;
}

export type TopLists = { rule: TopItem[]; app: TopItem[]; src: TopItem[]; dst: TopItem[] };

export interface Finding {
  sentence: string;
  kind: string;
  reason_code: string | null;
  sessions: number;
  bytes: number;
  filter: string;
  severity: "high" | "medium" | "low";
}

export interface Change {
  sentence: string;
  what: string;
  name: string;
  sessions: number;
  sessions_before: number;
  filter: string;
}

export interface Overview {
  from: string;
  to: string;
  step_seconds: number;
  series: Step[];
  totals: Totals;
  before: Totals | null;
  allowed_by_action_alone_blocked_in_fact: Count & { filter: string };
  contradictions: Count & { filter: string };
  top: { reason_code: TopItem[]; blocked: TopLists; allowed_but_failed: TopLists };
  findings: Finding[];
  changes: Change[];
}

export interface RecordPage {
  columns: string[];
  records: LogRecord[];
  next: string | null;
  total: { rows: number; exact: boolean } | null;
}

export interface Check {
  text: string;
  command?: string;
  filter?: string;
}

export interface Explanation {
  headline: string;
  sentence: string;
  usual_causes?: string[];
  checks?: Check[];
  notes?: string[];
  sources?: string[];
}

export interface StoryRow {
  _id: string;
  time: string;
  subtype?: string;
  action?: string;
  app?: string;
  session_end_reason?: string;
  final_action?: FinalAction;
  outcome?: Outcome;
  reason_code?: string;
}

// A packet as `endreason ladder -o ndjson` writes it.
export interface LadderPacket {
  time: string;
  relative_s: number; // since the session's first packet
  from: "client" | "server";
  label: string;
  payload?: number;
  text?: string; // what is odd about it
}

export interface PacketLadder {
  packets: LadderPacket[];
  left_out?: number; // of a long session, behind the first left_out_after
  left_out_after?: number;
  problem?: string; // why there are no packets
}

export interface Session {
  record: LogRecord;
  raw: string | null;
  verdict: Explanation;
  story: StoryRow[];
  ladder: PacketLadder | null;
}

export type ColumnKind = "text" | "number" | "address" | "time" | "enum" | "flags";

export interface Column {
  name: string;
  title: string;
  group: string;
  kind: ColumnKind;
  values?: string[];
  filterable: boolean;
  default: boolean;
}

export interface Device {
  serial: string;
  device_name: string | null;
  rows: number;
  first: string;
  last: string;
  rate_per_second: number;
  lag_seconds: number | null;
  versions: { version: string; rows: number }[];
  formats: string[];
  gaps: { after_seqno: string; before_seqno: string; missing: number; time: string | null }[];
  missing: number;
  clock_off_seconds: number | null;
}

export interface Reject {
  time?: string;
  source?: string;
  line?: number;
  column?: string;
  expected?: string;
  found?: string;
  text?: string;
}

// A rejected line as `explain --rejects` writes it.
export interface ExplainReject {
  _line?: number;
  reason?: string;
  column_name?: string;
  expected?: string;
  found?: string;
  _raw?: string;
}

export interface Accounting {
  received: number;
  stored: number;
  spooled: number;
  rejected: number;
  other_types: number;
  duplicates: number;
  blank?: number;
  by_source: { source: string; received: number; stored: number; rejected: number; dropped_udp: number }[];
  rejects: Reject[];
  balanced: boolean;
}

export interface Term {
  kind: string;
  name: string;
  title?: string;
  meaning: string;
  leads_to?: string;
  source?: string;
}

export interface ExplainAnswer {
  records: (LogRecord & { explanation: Explanation | null; ladder?: PacketLadder | null })[];
  accounting: { [part: string]: number };
  rejects: ExplainReject[];
  hints: string[]; // of a capture
  truncated: boolean;
}

export interface Status {
  version: string;
  store: { kind: string; folder: string; bytes: number; rows: number; oldest: string | null; newest: string | null };
  state: "running" | "spool-full" | "disk-full" | "store-away" | "draining";
  problem?: string | null; // in a sentence, when it takes no rows
  uptime_seconds: number;
  queries_running: number;
}

export interface Alert {
  name: string;
  filter: string;
  threshold: number;
  window_seconds: number;
  state: "quiet" | "firing";
  sessions: number;
  episodes: number;
  peak: number;
  since: string | null;
  webhook: { host: string; called: number; waiting: number; failed: number; given_up: number; last_error: string | null };
}

export interface FilterCheck {
  ok: true;
  sql: string;
  cli: string;
}
