// SPDX-License-Identifier: Apache-2.0
// Session: one row, explained: verdict, evidence, next checks, the story of its rows, all columns.
import { useState } from "preact/hooks";
import { apiPath, getJson, readToken } from "../api";
import { reasonTitle, useColumns, useTerms } from "../columns";
import { comparison } from "../filter/clauses";
import { formatTime, formatValue } from "../format";
import { useAsked, useKeys, useTitle } from "../hooks";
import { currentState, linkTo, navigate } from "../router";
import type { Column, LogRecord, Session, StoryRow, Value } from "../types";
import { CopyButton } from "../ui/copy";
import { LineIcon } from "../ui/icons";
import { Ladder } from "../ui/ladder";
import { ErrorNotice, Loading } from "../ui/notice";
import { actionWord, Causes, Evidence, NextChecks, VerdictBadge, VerdictHead } from "../ui/verdict";
import type { UrlState } from "../url_state";

export function SessionPage({ state }: { state: UrlState }) {
  const { data, error, loading, reload } = useAsked(state.id, (signal) => getJson<Session>(`/records/${encodeURIComponent(state.id)}`, {}, signal));
  useTitle(data ? `${actionWord(data.record.final_action)} ${formatValue(data.record.src)} → ${formatValue(data.record.dst)}` : "Session");
  const back = () => navigate({ page: "log", id: "" });
  const story = data?.story ?? [];
  const place = story.findIndex((row) => row._id === state.id);
  const go = (by: number) => {
    const next = story[place + by];
    if (next) navigate({ id: next._id });
  };
  useKeys({ Escape: back, j: () => go(1), k: () => go(-1), r: reload });
  return (
    <div class="session-page">
      <div class="toolbar">
        <button type="button" class="button" onClick={back}>
          <LineIcon name="back" />
          Back to the log
        </button>
        {data && <SessionCopies record={data.record} session={data} />}
      </div>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {!data && loading && <Loading lines={14} />}
      {data && (
        <>
          <VerdictHead record={data.record} explanation={data.verdict} />
          <div class="session-columns">
            <div>
              <NextChecks explanation={data.verdict} />
              <Story rows={story} current={state.id} />
              {data.ladder && <Ladder ladder={data.ladder} record={data.record} />}
            </div>
            <div>
              <Evidence record={data.record} />
              <Causes explanation={data.verdict} />
            </div>
          </div>
          <AllColumns record={data.record} />
          {data.raw !== null && (
            <section class="panel">
              <div class="panel-head">
                <h2>Raw line</h2>
                <CopyButton text={data.raw} label="Copy the line" />
              </div>
              <pre class="raw">{data.raw}</pre>
            </section>
          )}
        </>
      )}
    </div>
  );
}

// One sentence to paste into the ticket.
export function ticketSentence(record: LogRecord, session: Pick<Session, "verdict">): string {
  const text = (name: string) => formatValue(record[name]);
  const where = `${text("src")} → ${text("dst")}:${text("dport")} (${text("app")}, rule "${text("rule")}")`;
  const facts = `outcome ${text("outcome")}, ended by ${text("ended_by")}, reason ${text("reason_code")}, confidence ${text("confidence")}`;
  return `${actionWord(record.final_action).toUpperCase()}: ${where} at ${formatTime(text("_time") || text("receive_time"))} UTC. ${session.verdict.headline}. ${session.verdict.sentence} [${facts}]`;
}

function SessionCopies({ record, session }: { record: LogRecord; session: Session }) {
  const path = apiPath(`/records/${encodeURIComponent(record._id)}`);
  const token = readToken() ? ` -H "Authorization: Bearer $ENDREASON_TOKEN"` : "";
  return (
    <>
      <CopyButton text={ticketSentence(record, session)} label="Copy for the ticket" />
      <CopyButton text={location.href} label="Copy link" />
      <CopyButton text={`curl -sS${token} '${location.origin}${path}'`} label="Copy as curl" />
    </>
  );
}

function Story({ rows, current }: { rows: StoryRow[]; current: string }) {
  const terms = useTerms();
  return (
    <section class="panel">
      <h2>Story</h2>
      <p class="hint">{rows.length > 1 ? "All rows of this session, oldest first." : "This is the only row of the session that is stored."}</p>
      <ol class="story">
        {rows.map((row) => (
          <li key={row._id} class={row._id === current ? "current" : ""} aria-current={row._id === current ? "true" : undefined}>
            <a href={linkTo({ page: "session", id: row._id, filter: currentState().filter })}>
              <time>{formatTime(row.time)}</time>
              <span class="story-type mono">{row.subtype}</span>
              <VerdictBadge action={row.final_action} outcome={row.outcome} />
              <span class="story-text">
                {[row.app && `app ${row.app}`, row.action && `action ${row.action}`, row.session_end_reason && `end reason ${row.session_end_reason}`].filter(Boolean).join(", ")}
                <span class="muted">{reasonTitle(terms, row.reason_code)}</span>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

const otherGroup = "Other";
// Columns with nothing in them hide what there is; they are a click away.
const isEmpty = (value: Value | undefined): boolean => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function AllColumns({ record }: { record: LogRecord }) {
  const columns = useColumns();
  const [search, setSearch] = useState("");
  const [all, setAll] = useState(false);
  const known = new Map(columns.map((column) => [column.name, column]));
  const names = [...new Set([...columns.filter((column) => !column.name.includes(".")).map((column) => column.name), ...Object.keys(record)])].filter(
    (name) => name !== "_id" && (all ? known.has(name) || !isEmpty(record[name]) : !isEmpty(record[name])),
  );
  const wanted = search.trim().toLowerCase();
  const shown = names.filter((name) => `${name} ${known.get(name)?.title ?? ""} ${formatValue(record[name])}`.toLowerCase().includes(wanted));
  const groupOf = (name: string) => known.get(name)?.group ?? (name.startsWith("_") ? "Where it came from" : otherGroup);
  const groups = [...new Set(shown.map(groupOf))];
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>All columns</h2>
        <input type="search" aria-label="Search columns and values" placeholder="Search columns and values" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        <label class="check">
          <input type="checkbox" checked={all} onChange={() => setAll(!all)} /> empty ones too
        </label>
      </div>
      {shown.length === 0 && <p class="hint">No column or value has that.</p>}
      <div class="column-groups">
        {groups.map((group) => (
          <div key={group} class="column-group">
            <h3>{group}</h3>
            <table class="pairs">
              <tbody>
                {shown
                  .filter((name) => groupOf(name) === group)
                  .map((name) => (
                    <ColumnRow key={name} name={name} column={known.get(name)} value={record[name]} />
                  ))}
              </tbody>
            </table>
          </div>
        ))}
      </div>
    </section>
  );
}

function ColumnRow({ name, column, value }: { name: string; column: Column | undefined; value: Value | undefined }) {
  const clause = column?.filterable ? comparison(name, column.kind, value, true) : null;
  const shown = formatValue(value);
  return (
    <tr>
      <th scope="row" title={column?.title}>
        {name}
      </th>
      <td>{clause && shown ? <a href={linkTo({ page: "log", filter: clause, from: "", to: "" })}>{shown}</a> : shown || <span class="muted">–</span>}</td>
    </tr>
  );
}
