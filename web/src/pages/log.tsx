// SPDX-License-Identifier: Apache-2.0
// Log: the table of Monitor > Logs > Traffic with the verdict, filtered by a click, followed live.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, apiPath, getJson, readToken, request } from "../api";
import { useColumns, useTerms } from "../columns";
import { addClause, comparison } from "../filter/clauses";
import { formatCount } from "../format";
import { useAsked, useKeys, useTitle } from "../hooks";
import { RecordFeed } from "../record_feed";
import { navigate } from "../router";
import { readEvents } from "../sse";
import type { Column, FilterCheck, LogRecord, Overview, RecordPage, Value } from "../types";
import { SessionsChart } from "../ui/chart";
import { ColumnChooser, keepChosen, readChosen } from "../ui/column_chooser";
import { copyText, Menu } from "../ui/copy";
import { Grid, type GridPlace } from "../ui/grid";
import { LineIcon } from "../ui/icons";
import { Empty, ErrorNotice, Loading, NothingFound, NothingReceived } from "../ui/notice";
import { QueryBar } from "../ui/query_bar";
import type { UrlState } from "../url_state";

const pageRows = 500;
const liveRowsKept = 5000;

// What was shown last: coming back from a session finds the same rows at the same place.
interface Kept {
  key: string;
  feed: RecordFeed;
  place: GridPlace;
}
let kept: Kept | null = null;

// Columns that the page itself needs, whichever are shown.
const always = ["final_action", "outcome", "reason_code", "receive_time", "src", "dst", "dport", "app"];

export function LogPage({ state }: { state: UrlState }) {
  useTitle("Log");
  const columns = useColumns();
  const terms = useTerms();
  const [chosen, setChosen] = useState(readChosen);
  const [, redraw] = useState(0);
  const { filter, from, to, order, live } = state;
  const fetched = [...new Set([...chosen, ...always])].join();
  const key = [filter, from, to, order, fetched].join("|");

  const [round, setRound] = useState(0);
  const current = useMemo(() => {
    const changed = () => redraw((n) => n + 1);
    if (kept?.key === `${key}#${round}`) return kept;
    kept?.feed.end();
    const fetchPage = (cursor: string | null, signal: AbortSignal) =>
      getJson<RecordPage>("/records", { filter, from, to, order: order === "asc" ? "asc" : undefined, columns: fetched, limit: pageRows, cursor: cursor ?? undefined }, signal);
    kept = { key: `${key}#${round}`, feed: new RecordFeed(fetchPage, changed), place: { top: 0, row: 0 } };
    return kept;
  }, [key, round]);
  const { feed, place } = current;
  useEffect(() => {
    feed.changed = () => redraw((n) => n + 1); // the feed may be older than this page
    feed.need(0, 100);
  }, [feed]);

  const tail = useTail(live, filter);
  const shown = useMemo(
    () => chosen.map((name) => columns.find((column) => column.name === name)).filter((column): column is Column => column !== undefined),
    [chosen, columns],
  );
  const choose = (names: string[]) => {
    keepChosen(names);
    setChosen(names);
  };

  const rows = live ? tail.rows : [];
  const count = rows.length + feed.count;
  const rowAt = useCallback((index: number) => (index < rows.length ? rows[index] : feed.row(index - rows.length)), [rows, feed]);
  const need = useCallback((first: number, last: number) => feed.need(Math.max(0, first - rows.length), Math.max(0, last - rows.length)), [feed, rows.length]);
  const addFilter = (column: Column, value: Value | undefined, wanted: boolean) => {
    const clause = comparison(column.name, column.kind, value, wanted);
    if (clause) navigate({ filter: addClause(filter, clause) });
  };
  const open = (record: LogRecord) => navigate({ page: "session", id: record._id });
  const refresh = () => setRound((n) => n + 1);
  useKeys({ r: refresh, l: () => navigate({ live: !live, to: "", order: "desc" }, "replace") });

  const error = feed.error instanceof ApiError ? feed.error : null;
  const empty = feed.complete && count === 0;
  return (
    <div class="log-page">
      <h1 class="unseen">Log</h1>
      <QueryBar state={state} />
      <div class="toolbar">
        <RowCount feed={feed} live={live} waiting={tail.rows.length} lost={tail.lost} />
        <button type="button" class="button" aria-pressed={live} title="Follow new rows as they come (l)" onClick={() => navigate({ live: !live, to: "", order: "desc" }, "replace")}>
          <LineIcon name="live" />
          <span class="button-word">{live ? "Live" : "Follow live"}</span>
        </button>
        <button type="button" class="button" onClick={() => navigate({ order: order === "asc" ? "desc" : "asc", live: false }, "replace")}>
          <LineIcon name="sort" />
          <span class="button-word">{order === "asc" ? "Oldest first" : "Newest first"}</span>
        </button>
        <button type="button" class="button" title="Ask again (r)" aria-label="Ask again" onClick={refresh}>
          <LineIcon name="reload" />
        </button>
        <ColumnChooser columns={columns} chosen={chosen} onChange={choose} />
        <ExportMenu state={state} chosen={chosen} />
        <CopyMenu state={state} />
      </div>
      <Histogram state={state} round={round} />
      {error && <ErrorNotice error={error} onRetry={() => feed.retry()} />}
      {tail.error && <ErrorNotice error={tail.error} />}
      {!error && empty && !live && (filter || from || to ? <NothingFound state={state} /> : <NothingReceived />)}
      {live && count === 0 && <Empty title="Waiting for rows">Rows that match the filter appear here as they are stored.</Empty>}
      {count === 0 && !feed.complete && !error && <Loading lines={18} />}
      {count > 0 && shown.length > 0 && (
        <Grid
          columns={shown}
          terms={terms}
          count={count}
          rowAt={rowAt}
          more={!feed.complete}
          onNeed={need}
          onFilter={addFilter}
          onOpen={open}
          place={place}
          before={rows.length}
        />
      )}
      <p class="footnote">
        Click a cell to add it to the filter, <kbd>Alt</kbd> click to leave it out. <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens the session, <kbd>?</kbd> has more. Times are UTC.
      </p>
    </div>
  );
}

function RowCount({ feed, live, waiting, lost }: { feed: RecordFeed; live: boolean; waiting: number; lost: number }) {
  const { total } = feed;
  return (
    <span class="row-count" role="status">
      {total ? (
        <>
          <strong>{formatCount(total.rows + (live ? waiting + lost : 0))}</strong>
          {total.exact ? "" : "+"} {total.rows === 1 ? "row" : "rows"}
        </>
      ) : feed.complete ? (
        <>
          <strong>{formatCount(feed.count)}</strong> rows
        </>
      ) : (
        "…"
      )}
      {live && <span class="muted"> · {formatCount(waiting)} new</span>}
      {lost > 0 && <span class="muted"> · {formatCount(lost)} were too fast to show</span>}
    </span>
  );
}

// A strip above the table: when the rows are, and a way to a time.
function Histogram({ state, round }: { state: UrlState; round: number }) {
  const { filter, from, to } = state;
  const { data } = useAsked(`${filter}|${from}|${to}|${round}`, (signal) => getJson<Overview>("/overview", { filter, from, to }, signal));
  if (!data) return <div class="chart-place" />;
  if (data.totals.rows === 0) return null;
  return <SessionsChart compact series={data.series} stepSeconds={data.step_seconds} height={72} onRange={(begin, end) => navigate({ from: begin, to: end })} />;
}

interface Tail {
  rows: LogRecord[]; // newest first
  lost: number;
  error: ApiError | null;
}

const noTail: Tail = { rows: [], lost: 0, error: null };

// Rows as they are stored. Many at once are drawn once, a few times a second.
function useTail(live: boolean, filter: string): Tail {
  const [tail, setTail] = useState<Tail>(noTail);
  const waiting = useRef<LogRecord[]>([]);
  useEffect(() => {
    setTail(noTail);
    if (!live) return;
    const stop = new AbortController();
    let lost = 0;
    const drawing = setInterval(() => {
      const fresh = waiting.current;
      if (fresh.length === 0) return;
      waiting.current = [];
      setTail((before) => ({ rows: [...fresh.reverse(), ...before.rows].slice(0, liveRowsKept), lost, error: null }));
    }, 250);
    const follow = async () => {
      while (!stop.signal.aborted) {
        try {
          await readEvents(apiPath("/tail", { filter }), stop.signal, ({ event, data }) => {
            if (event === "record") waiting.current.push(JSON.parse(data) as LogRecord);
            else if (event === "lost") lost += (JSON.parse(data) as { rows: number }).rows;
          });
        } catch (error) {
          if (stop.signal.aborted) return;
          if (error instanceof ApiError) setTail((before) => ({ ...before, error }));
          if (error instanceof ApiError && error.status >= 400 && error.status < 500) return;
        }
        await new Promise((done) => setTimeout(done, 2000));
      }
    };
    void follow();
    return () => {
      stop.abort();
      clearInterval(drawing);
      waiting.current = [];
    };
  }, [live, filter]);
  return tail;
}

const formats = [
  { format: "csv", suffix: "csv", word: "CSV", says: "the chosen columns, with a header" },
  { format: "ndjson", suffix: "ndjson", word: "NDJSON", says: "one object a row, for jq and SIEMs" },
  { format: "parquet", suffix: "parquet", word: "Parquet", says: "for DuckDB, Spark and pandas" },
  { format: "panos", suffix: "csv", word: "PAN-OS CSV", says: "as a firewall sends it" },
] as const;

// The server writes all rows that match, not only those that were loaded here.
function ExportMenu({ state, chosen }: { state: UrlState; chosen: string[] }) {
  const [failed, setFailed] = useState("");
  const pathOf = (format: string) =>
    apiPath("/records", {
      filter: state.filter,
      from: state.from,
      to: state.to,
      order: state.order === "asc" ? "asc" : undefined,
      columns: format === "csv" ? chosen.join() : undefined,
      format,
    });
  // A link cannot carry the token, so with one the file goes through memory.
  const download = async (event: MouseEvent, format: string, suffix: string) => {
    if (!readToken()) return;
    event.preventDefault();
    try {
      const url = URL.createObjectURL(await (await request(pathOf(format))).blob());
      const link = document.createElement("a");
      link.href = url;
      link.download = `endreason.${suffix}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      setFailed("");
    } catch (error) {
      setFailed(error instanceof ApiError ? error.problem.message : String(error));
    }
  };
  return (
    <Menu label="Export" icon="download">
      <ul class="menu-list">
        {formats.map(({ format, suffix, word, says }) => (
          <li key={format}>
            <a class="menu-item" href={pathOf(format)} download={`endreason.${suffix}`} onClick={(event) => void download(event, format, suffix)}>
              {word} <span class="muted">{says}</span>
            </a>
          </li>
        ))}
      </ul>
      {failed && <p class="hint">{failed}</p>}
    </Menu>
  );
}

const shellQuote = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

export function curlOf(state: UrlState, origin: string, withToken: boolean): string {
  const parts = [`curl -sS -G ${shellQuote(`${origin}/api/v1/records`)}`];
  if (withToken) parts.push(`-H "Authorization: Bearer $ENDREASON_TOKEN"`);
  for (const name of ["filter", "from", "to"] as const) if (state[name]) parts.push(`--data-urlencode ${shellQuote(`${name}=${state[name]}`)}`);
  parts.push("-d format=ndjson");
  return parts.join(" \\\n  ");
}

function CopyMenu({ state }: { state: UrlState }) {
  const [said, setSaid] = useState("");
  const check = () => getJson<FilterCheck>("/filter/check", { filter: state.filter, from: state.from, to: state.to });
  const copies: { word: string; says: string; make: () => string | Promise<string> }[] = [
    { word: "Link", says: "to this view", make: () => location.href },
    { word: "Filter", says: "for Monitor > Logs", make: () => state.filter },
    { word: "Command line", says: "endreason query", make: async () => (await check()).cli },
    { word: "curl", says: "the same rows from the API", make: () => curlOf(state, location.origin, readToken() !== null) },
    { word: "SQL", says: "for endreason sql or DuckDB", make: async () => (await check()).sql },
  ];
  const copy = async (word: string, make: () => string | Promise<string>) => {
    try {
      setSaid((await copyText(await make())) ? `${word} copied` : "This browser does not let pages copy");
    } catch (error) {
      setSaid(error instanceof ApiError ? error.problem.message : String(error));
    }
  };
  return (
    <Menu label="Copy as" icon="copy">
      <ul class="menu-list">
        {copies.map(({ word, says, make }) => (
          <li key={word}>
            <button type="button" class="menu-item" onClick={() => void copy(word, make)}>
              {word} <span class="muted">{says}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {said}
      </p>
    </Menu>
  );
}

