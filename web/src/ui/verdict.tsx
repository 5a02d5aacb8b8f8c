// SPDX-License-Identifier: Apache-2.0
// The final action as a shape and a word, and the explanation of one session: what the eye meets first.
import type { Check, Explanation, FinalAction, LogRecord, Outcome, Value } from "../types";
import { comparison } from "../filter/clauses";
import { formatTime } from "../format";
import { linkTo } from "../router";
import { CopyButton } from "./copy";
import { VerdictIcon, verdictOf } from "./icons";

const words: { [action in FinalAction]: string } = { allowed: "Allowed", blocked: "Blocked", undetermined: "Undetermined" };
export const actionWord = (action: FinalAction | undefined): string => (action ? words[action] : "Undetermined");

export function VerdictBadge({ action, outcome }: { action: FinalAction | undefined; outcome?: Outcome | undefined }) {
  const verdict = verdictOf(action, outcome);
  const tells = verdict === "failed" || verdict === "partial" || verdict === "running";
  return (
    <span class={`badge status-${verdict}`}>
      <VerdictIcon verdict={verdict} />
      <span>{actionWord(action)}</span>
      {tells && <span class="badge-outcome">{outcome}</span>}
    </span>
  );
}

const text = (value: Value | undefined): string => (value === undefined || value === null ? "" : String(value));

export function endpoint(address: Value | undefined, port: Value | undefined): string {
  const host = text(address);
  const number = text(port);
  if (number === "" || number === "0") return host || "?";
  return host.includes(":") ? `[${host}]:${number}` : `${host}:${number}`;
}

// 10.1.1.1:50000 (zone, user) → 2.2.2.2:53 (zone)
export function Tuple({ record }: { record: LogRecord }) {
  const side = (zone: Value | undefined, user: Value | undefined) =>
    [zone ? `zone ${text(zone)}` : "", user ? `user ${text(user)}` : ""].filter(Boolean).join(", ");
  const from = side(record.from, record.srcuser);
  const to = side(record.to, record.dstuser);
  return (
    <p class="tuple">
      <span class="mono">{endpoint(record.src, record.sport)}</span> {from && <span class="muted">{from}</span>}
      <span class="arrow" role="img" aria-label="to">
        →
      </span>
      <span class="mono">{endpoint(record.dst, record.dport)}</span> {to && <span class="muted">{to}</span>}
    </p>
  );
}

export function VerdictHead({ record, explanation, level = 1 }: { record: LogRecord; explanation: Explanation | null; level?: 1 | 2 }) {
  const verdict = verdictOf(record.final_action, record.outcome);
  const Heading = level === 1 ? "h1" : "h2";
  const facts: [string, Value | undefined, string?][] = [
    ["outcome", record.outcome],
    ["ended by", record.ended_by],
    ["decided by", record.decided_by],
    ["reason code", record.reason_code, "reason"],
    ["confidence", record.confidence],
  ];
  return (
    <header class={`verdict-head status-edge-${verdict}`}>
      <div class="verdict-mark">
        <VerdictIcon verdict={verdict} size={level === 1 ? 40 : 26} />
        <span class={`verdict-word status-${verdict}`}>{actionWord(record.final_action)}</span>
      </div>
      <div class="verdict-text">
        <Heading>{explanation?.headline ?? text(record.reason_code)}</Heading>
        <Tuple record={record} />
        <p class="muted">
          {[record.proto, record.app && `application ${text(record.app)}`, record.rule && `rule "${text(record.rule)}"`, record.sessionid && `session ${text(record.sessionid)}`, record._time && `${formatTime(text(record._time))} UTC`]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {explanation && <p class="sentence">{explanation.sentence}</p>}
        <dl class="facts">
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <a href={linkTo({ page: "terms", word: text(value), from: "", to: "" })}>{text(value)}</a>
                </dd>
              </div>
            ))}
          {record.provisional === true && (
            <div>
              <dt>provisional</dt>
              <dd>the session goes on</dd>
            </div>
          )}
        </dl>
      </div>
    </header>
  );
}

// The columns that decided, each a link to the rows that have the same value.
export function Evidence({ record }: { record: LogRecord }) {
  const evidence = Array.isArray(record.evidence) ? record.evidence : [];
  const contradictions = Array.isArray(record.contradictions) ? record.contradictions : [];
  if (evidence.length === 0 && contradictions.length === 0) return null;
  return (
    <section class="panel">
      <h2>Evidence</h2>
      <p class="hint">The columns that decided, most telling first.</p>
      <table class="pairs">
        <tbody>
          {evidence.map((entry) => {
            const [column = "", value = ""] = splitOnce(entry);
            const clause = comparison(column, column === "src" || column === "dst" ? "address" : "text", value, true);
            return (
              <tr key={entry}>
                <th scope="row">{column}</th>
                <td>{clause ? <a href={linkTo({ page: "log", filter: clause })}>{value || "(empty)"}</a> : value}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {contradictions.length > 0 && (
        <>
          <h3>Columns that do not agree</h3>
          <ul class="plain">
            {contradictions.map((name) => (
              <li key={name}>
                <a href={linkTo({ page: "terms", word: name, from: "", to: "" })}>{name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

function CheckItem({ check }: { check: Check }) {
  const copied = check.command ?? check.filter;
  return (
    <li>
      <span>{check.text}</span>
      {copied && (
        <div class="command">
          <code>{copied}</code>
          <CopyButton text={copied} label="Copy" />
          {check.filter && /Traffic/.test(check.text) && <a href={linkTo({ page: "log", filter: check.filter, from: "", to: "" })}>Show rows</a>}
        </div>
      )}
    </li>
  );
}

export function NextChecks({ explanation }: { explanation: Explanation }) {
  if (!explanation.checks?.length) return null;
  return (
    <section class="panel">
      <h2>Check next</h2>
      <ol class="checks">
        {explanation.checks.map((check) => (
          <CheckItem key={check.text} check={check} />
        ))}
      </ol>
    </section>
  );
}

export function Causes({ explanation }: { explanation: Explanation }) {
  const { usual_causes: causes = [], notes = [], sources = [] } = explanation;
  if (causes.length + notes.length + sources.length === 0) return null;
  return (
    <section class="panel">
      {causes.length > 0 && (
        <>
          <h2>Usual causes</h2>
          <p class="hint">Most likely first.</p>
          <ol class="list">
            {causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ol>
        </>
      )}
      {notes.length > 0 && (
        <>
          <h3>Notes</h3>
          <ul class="list">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </>
      )}
      {sources.length > 0 && (
        <>
          <h3>Sources</h3>
          <ul class="plain sources">
            {sources.map((source) => (
              <li key={source}>
                <Source source={source} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

// A page of the vendor is a link; "observed, not documented" is a text.
export function Source({ source }: { source: string }) {
  if (!/^https:\/\//.test(source)) return <span>{source}</span>;
  return (
    <a href={source} target="_blank" rel="noreferrer noopener">
      {source.replace(/^https:\/\//, "")}
    </a>
  );
}
