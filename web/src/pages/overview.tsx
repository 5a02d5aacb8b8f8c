// SPDX-License-Identifier: Apache-2.0
// Overview: what happened to all sessions of a time, what went wrong most, and what changed.
import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api";
import { reasonTitle, useTerms } from "../columns";
import { addClause } from "../filter/clauses";
import { formatBytes, formatCount, formatShare, formatTime, plural } from "../format";
import { useAsked, useKeys, useTitle } from "../hooks";
import { linkTo, navigate } from "../router";
import type { Count, Overview, TopItem, Term, TopLists, Totals } from "../types";
import { SessionsChart } from "../ui/chart";
import { VerdictIcon, verdictOf, type Verdict } from "../ui/icons";
import { ErrorNotice, Loading, NothingFound, NothingReceived } from "../ui/notice";
import { QueryBar } from "../ui/query_bar";
import type { UrlState } from "../url_state";

interface Tile {
  verdict: Verdict;
  word: string;
  says: string;
  clause: string;
  count: (totals: Totals) => number;
}

const sessionsOf = (totals: Totals, wanted: (outcome: Totals["outcome"][number]) => boolean): number =>
  totals.outcome.filter(wanted).reduce((sum, one) => sum + one.sessions, 0);

const tiles: readonly Tile[] = [
  {
    verdict: "blocked",
    word: "Blocked",
    says: "ended by policy, a security profile, decryption or a limit",
    clause: "( final_action eq blocked )",
    count: (totals) => sessionsOf(totals, (one) => one.final_action === "blocked"),
  },
  {
    verdict: "failed",
    word: "Allowed, but failed",
    says: "policy let them through and they did not work",
    clause: "( final_action eq allowed ) and ( outcome eq failed )",
    count: (totals) => sessionsOf(totals, (one) => one.final_action === "allowed" && one.outcome === "failed"),
  },
  {
    verdict: "allowed",
    word: "Allowed",
    says: "worked, or nothing says otherwise",
    clause: "( final_action eq allowed ) and ( outcome neq failed )",
    count: (totals) => sessionsOf(totals, (one) => one.final_action === "allowed" && one.outcome !== "failed"),
  },
  {
    verdict: "undetermined",
    word: "Undetermined",
    says: "the row does not tell, and it is not guessed",
    clause: "( final_action eq undetermined )",
    count: (totals) => sessionsOf(totals, (one) => one.final_action === "undetermined"),
  },
];

export function OverviewPage({ state }: { state: UrlState }) {
  useTitle("Overview");
  const { filter, from, to } = state;
  const { data, error, loading, stale, reload } = useAsked(`${filter}|${from}|${to}`, (signal) => getJson<Overview>("/overview", { filter, from, to }, signal));
  useKeys({ r: reload });
  // A time that reaches to now goes on while one looks at it.
  useEffect(() => {
    if (to !== "") return;
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), 30_000);
    return () => clearInterval(timer);
  }, [to, reload]);
  return (
    <>
      <h1 class="unseen">Overview</h1>
      <QueryBar state={state} />
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {!data && loading && <Loading lines={12} />}
      {data && data.totals.rows === 0 && (filter || from || to ? <NothingFound state={state} /> : <NothingReceived />)}
      {data && data.totals.rows > 0 && (
        <div class={`overview ${stale ? "stale" : ""}`} aria-busy={loading}>
          <Tiles data={data} filter={filter} />
          <section class="panel area-chart">
            <div class="panel-head">
              <h2>Sessions over time</h2>
              <span class="muted">
                {formatTime(data.from)} – {formatTime(data.to)} UTC
              </span>
            </div>
            <SessionsChart series={data.series} stepSeconds={data.step_seconds} height={220} onRange={(begin, end) => navigate({ from: begin, to: end })} />
          </section>
          <InFact data={data} />
          <Findings data={data} />
          <div class="stack">
            <Reasons items={data.top.reason_code} total={data.totals.sessions} />
            <Changes data={data} />
          </div>
          <Tops title="Blocked most" lists={data.top.blocked} verdict="blocked" />
          <Tops title="Allowed, but failed most" lists={data.top.allowed_but_failed} verdict="failed" />
        </div>
      )}
    </>
  );
}

const toLog = (filter: string): string => linkTo({ page: "log", filter });

function Tiles({ data, filter }: { data: Overview; filter: string }) {
  const total = tiles.reduce((sum, tile) => sum + tile.count(data.totals), 0);
  return (
    <section class="tiles" aria-label="What finally happened">
      <div class="share" aria-hidden="true">
        {tiles.map((tile) => (
          <span key={tile.verdict} class={`share-${tile.verdict}`} style={{ flexGrow: tile.count(data.totals) }} />
        ))}
      </div>
      {tiles.map((tile) => {
        const count = tile.count(data.totals);
        return (
          <a key={tile.verdict} class={`tile status-edge-${tile.verdict}`} href={toLog(addClause(filter, tile.clause))}>
            <span class={`tile-word status-${tile.verdict}`}>
              <VerdictIcon verdict={tile.verdict} size={16} />
              {tile.word}
            </span>
            <span class="tile-number">{formatCount(count)}</span>
            <span class="tile-share">{formatShare(count, total)}</span>
            <span class="tile-says muted">{tile.says}</span>
            <Delta now={count} before={data.before ? tile.count(data.before) : null} />
          </a>
        );
      })}
    </section>
  );
}

function Delta({ now, before }: { now: number; before: number | null }) {
  if (before === null) return null;
  const change = now - before;
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  return (
    <span class="tile-delta muted" title={`${formatCount(before)} in the time of equal length before`}>
      {sign}
      {formatCount(Math.abs(change))} against the time before
    </span>
  );
}

function InFact({ data }: { data: Overview }) {
  const wrong = data.allowed_by_action_alone_blocked_in_fact;
  return (
    <section class="panel area-fact">
      <h2>What a count by action gets wrong</h2>
      <BigLine count={wrong} verdict="blocked" filter={wrong.filter}>
        counted as <strong>allowed</strong> by action alone, <strong>blocked</strong> in fact
      </BigLine>
      <BigLine count={data.contradictions} verdict="undetermined" filter={data.contradictions.filter}>
        with columns that do not agree, such as allow and threat
      </BigLine>
      <p class="hint">
        {plural(data.totals.rows, "row")}, {plural(data.totals.sessions, "session")}, {formatBytes(data.totals.bytes)}. Sessions count repeats, and leave out rows of
        type start.
      </p>
    </section>
  );
}

function BigLine({ count, verdict, filter, children }: { count: Count; verdict: Verdict; filter: string; children: preact.ComponentChildren }) {
  return (
    <a class="big-line" href={toLog(filter)}>
      <VerdictIcon verdict={count.sessions > 0 ? verdict : "allowed"} size={18} />
      <span class="big-number">{formatCount(count.sessions)}</span>
      <span>
        {count.sessions === 1 ? "session" : "sessions"} {children}
      </span>
    </a>
  );
}

const severityWord = { high: "High", medium: "Medium", low: "Low" };

const firstFindings = 12;

function Findings({ data }: { data: Overview }) {
  const [all, setAll] = useState(false);
  return (
    <section class="panel area-findings">
      <h2>Findings</h2>
      {data.findings.length === 0 ? (
        <p class="hint">Nothing stands out: no host and no rule leads the blocked or failed sessions of this time.</p>
      ) : (
        <ol class="findings">
          {data.findings.slice(0, all ? undefined : firstFindings).map((finding) => (
            <li key={finding.sentence}>
              <a href={toLog(finding.filter)}>
                <span class={`severity severity-${finding.severity}`}>{severityWord[finding.severity]}</span>
                <span>{finding.sentence}</span>
                {finding.reason_code && <span class="muted mono finding-code">{finding.reason_code}</span>}
              </a>
            </li>
          ))}
        </ol>
      )}
      {data.findings.length > firstFindings && (
        <button type="button" class="small" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer" : `All ${data.findings.length}`}
        </button>
      )}
    </section>
  );
}

const firstChanges = 5;

function Changes({ data }: { data: Overview }) {
  return (
    <section class="panel area-changes">
      <h2>Against the time before</h2>
      {data.before === null ? (
        <p class="hint">There are no rows in the time of equal length before this one. Choose a shorter time to compare.</p>
      ) : data.changes.length === 0 ? (
        <p class="hint">No reason, rule or application changed much.</p>
      ) : (
        <ul class="findings">
          {data.changes.slice(0, firstChanges).map((change) => (
            <li key={change.sentence}>
              <a href={toLog(change.filter)}>
                <span class="change-mark" aria-hidden="true">
                  {change.sessions > change.sessions_before ? "▲" : "▼"}
                </span>
                <span>{change.sentence}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

// The catalogue's words tell what a reason leads to, where the server did not say.
function verdictOfReason(item: TopItem, title: string): Verdict {
  if (item.final_action && item.outcome) return verdictOf(item.final_action, item.outcome);
  if (item.final_action === "blocked" || title.startsWith("Blocked")) return "blocked";
  if (item.final_action === "undetermined" || title.startsWith("Undetermined")) return "undetermined";
  return verdictOf("allowed", title.startsWith("Allowed, but") ? "failed" : undefined);
}

// The terms are shorter than the phrase that comes with the item.
function reasonWords(item: TopItem, terms: readonly Term[]): string {
  const title = reasonTitle(terms, item.name);
  return title === item.name ? (item.title ?? title) : title;
}

function Reasons({ items, total }: { items: TopItem[]; total: number }) {
  const terms = useTerms();
  return (
    <section class="panel area-reasons">
      <h2>Why: leading reasons</h2>
      <BarList
        items={items}
        total={total}
        label={(item) => reasonWords(item, terms)}
        verdict={(item) => verdictOfReason(item, reasonWords(item, terms))}
      />
    </section>
  );
}

const tabs: readonly { key: keyof TopLists; word: string }[] = [
  { key: "rule", word: "Rules" },
  { key: "app", word: "Applications" },
  { key: "src", word: "Sources" },
  { key: "dst", word: "Destinations" },
];

function Tops({ title, lists, verdict }: { title: string; lists: TopLists; verdict: Verdict }) {
  const [tab, setTab] = useState<keyof TopLists>("rule");
  const items = lists[tab];
  return (
    <section class="panel area-top">
      <div class="panel-head">
        <h2>{title}</h2>
        <div class="tabs" role="group" aria-label={`${title} by`}>
          {tabs.map((one) => (
            <button key={one.key} type="button" aria-pressed={tab === one.key} onClick={() => setTab(one.key)}>
              {one.word}
            </button>
          ))}
        </div>
      </div>
      {items.length === 0 ? <p class="hint">None in this time.</p> : <BarList items={items} label={(item) => item.name} verdict={() => verdict} />}
    </section>
  );
}

interface BarListProps {
  items: TopItem[];
  total?: number;
  label: (item: TopItem) => string;
  verdict: (item: TopItem) => Verdict;
}

function BarList({ items, total, label, verdict }: BarListProps) {
  const most = Math.max(1, ...items.map((item) => item.sessions));
  return (
    <ol class="bars">
      {items.map((item) => {
        const kind = verdict(item);
        return (
          <li key={item.name}>
            <a href={toLog(item.filter)} title={`${item.name}: ${plural(item.sessions, "session")}, ${formatBytes(item.bytes)}`}>
              <span class={`bar share-${kind}`} style={{ width: `${(100 * item.sessions) / most}%` }} aria-hidden="true" />
              <VerdictIcon verdict={kind} size={12} />
              <span class="bar-name">{label(item)}</span>
              <span class="bar-number">{formatCount(item.sessions)}</span>
              {total !== undefined && <span class="bar-share muted">{formatShare(item.sessions, total)}</span>}
            </a>
          </li>
        );
      })}
    </ol>
  );
}
