// SPDX-License-Identifier: Apache-2.0
// Explain: verdicts of pasted lines or a dropped file, without storing anything.
import { useRef, useState } from "preact/hooks";
import { ApiError, postBytes } from "../api";
import { formatCount, formatValue, plural } from "../format";
import { useKeys, useTitle } from "../hooks";
import type { ExplainAnswer, ExplainReject, Reject } from "../types";
import { LineIcon } from "../ui/icons";
import { Ladder } from "../ui/ladder";
import { Empty, ErrorNotice, Loading } from "../ui/notice";
import { Causes, endpoint, Evidence, NextChecks, VerdictBadge, VerdictHead } from "../ui/verdict";
import { RejectTable } from "./devices";

const mostBytes = 16 * 1024 * 1024;

// What was pasted last stays while one looks at other pages.
let kept: { text: string; answer: ExplainAnswer | null } = { text: "", answer: null };

export function ExplainPage() {
  useTitle("Explain");
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(kept.text);
  const [answer, setAnswer] = useState(kept.answer);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const [named, setNamed] = useState("");
  useKeys({ "/": () => area.current?.focus() });

  const ask = async (body: Blob | string, name: string) => {
    const size = typeof body === "string" ? body.length : body.size;
    setNamed(name);
    if (size > mostBytes) {
      setError(new ApiError(413, { code: "too-large", message: `${name} has more than 16 MiB`, remedy: "Use the command line for it: endreason explain --summary FILE" }));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const found = await postBytes<ExplainAnswer>("/explain", body);
      kept = { text: typeof body === "string" ? body : "", answer: found };
      setAnswer(found);
    } catch (problem) {
      setAnswer(null);
      setError(problem instanceof ApiError ? problem : new ApiError(0, { code: "internal", message: String(problem) }));
    }
    setBusy(false);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) void ask(file, file.name);
  };

  return (
    <div class="explain-page">
      <section
        class={`panel drop ${over ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <h1>Explain without storing</h1>
        <p class="hint">Paste lines of a traffic log, or drop a file: CSV, syslog, CEF, LEEF, JSON, XML, gzip, zstd, or a capture (pcap, pcapng). Nothing of it is kept on the server.</p>
        <textarea
          ref={area}
          class="mono"
          rows={6}
          spellcheck={false}
          aria-label="Lines of a traffic log"
          placeholder="1,2026/03/10 10:00:00,001801000001,TRAFFIC,end,…"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && text.trim() !== "") void ask(text, "the pasted text");
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <div class="toolbar">
          <button type="button" class="primary" disabled={busy || text.trim() === ""} onClick={() => void ask(text, "the pasted text")}>
            Explain <kbd>Ctrl Enter</kbd>
          </button>
          <label class="button">
            <LineIcon name="file" /> Choose a file
            <input
              type="file"
              class="hidden-file"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                if (file) void ask(file, file.name);
                event.currentTarget.value = "";
              }}
            />
          </label>
          {(text !== "" || answer) && (
            <button
              type="button"
              class="button"
              onClick={() => {
                kept = { text: "", answer: null };
                setText("");
                setAnswer(null);
                setError(null);
              }}
            >
              Clear
            </button>
          )}
        </div>
      </section>
      {error && <ErrorNotice error={error} />}
      {busy && <Loading lines={8} />}
      {answer && !busy && <Answer answer={answer} named={named} />}
    </div>
  );
}

const asReject = (reject: ExplainReject): Reject => ({
  source: "line",
  line: reject._line ?? 0,
  column: reject.column_name ?? "",
  expected: reject.expected ?? "",
  found: reject.found ?? "",
  text: reject._raw ?? "",
});

const partWords: { [part: string]: [one: string, many: string] } = {
  lines: ["line", "lines"],
  traffic: ["traffic row", "traffic rows"],
  partial: ["row that was cut off", "rows that were cut off"],
  other: ["row of another type", "rows of other types"],
  rejected: ["rejected line", "rejected lines"],
  blank: ["blank line", "blank lines"],
  packets: ["packet", "packets"],
  sessions: ["session", "sessions"],
};

// What was in it, in the words above and their order; what is none of them (matched) is said elsewhere.
export function explainedParts(accounting: ExplainAnswer["accounting"]): string[] {
  return Object.entries(partWords)
    .filter(([part]) => (accounting[part] ?? 0) > 0)
    .map(([part, words]) => plural(accounting[part] ?? 0, ...words));
}

function NothingExplained({ answer }: { answer: ExplainAnswer }) {
  if (answer.accounting.packets !== undefined)
    return (
      <Empty title={answer.accounting.packets === 0 ? "There is no packet in it" : "No packet in it belongs to a session"}>
        {answer.hints.length > 0 && <p>Why stands below.</p>}
      </Empty>
    );
  return (
    <Empty title="There is no traffic log in it">
      <p>A line is taken when its type is TRAFFIC. Threat, URL and system logs are counted as other types; what could not be read stands below with its reason.</p>
    </Empty>
  );
}

function Answer({ answer, named }: { answer: ExplainAnswer; named: string }) {
  const parts = explainedParts(answer.accounting);
  return (
    <div aria-live="polite">
      <p class="hint accounting">
        {named ? `${named}: ` : ""}
        {parts.join(" · ")}
        {answer.truncated ? ` · the first ${formatCount(answer.records.length)} are shown; the command line shows all` : ""}
      </p>
      {answer.records.length === 0 && <NothingExplained answer={answer} />}
      {answer.hints.length > 0 && (
        <section class="panel">
          <h2>What is missing, and why</h2>
          <ul class="hints">
            {answer.hints.map((hint) => (
              <li key={hint}>{hint}</li>
            ))}
          </ul>
          {answer.hints.some((hint) => hint.includes(" --")) && (
            <p class="hint">Options are those of endreason track; a server has them as settings in its configuration file.</p>
          )}
        </section>
      )}
      {answer.rejects.length > 0 && (
        <section class="panel">
          <h2>{plural(answer.rejects.length, "rejected line")}</h2>
          <RejectTable rejects={answer.rejects.map(asReject)} />
        </section>
      )}
      <div class="explained">
        {answer.records.map((record, index) => (
          <details key={index} class="explained-row" open={answer.records.length <= 3}>
            <summary>
              <span class="muted number">{index + 1}</span>
              <VerdictBadge action={record.final_action} outcome={record.outcome} />
              <span class="mono explained-tuple">
                {endpoint(record.src, record.sport)} → {endpoint(record.dst, record.dport)}
              </span>
              <span class="explained-why">{record.explanation?.headline ?? formatValue(record.reason_code)}</span>
            </summary>
            <VerdictHead record={record} explanation={record.explanation} level={2} />
            {record.explanation && (
              <div class="session-columns">
                <div>
                  <NextChecks explanation={record.explanation} />
                  {record.ladder && <Ladder ladder={record.ladder} record={record} />}
                </div>
                <div>
                  <Evidence record={record} />
                  <Causes explanation={record.explanation} />
                </div>
              </div>
            )}
          </details>
        ))}
      </div>
    </div>
  );
}
