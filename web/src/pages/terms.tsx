// SPDX-License-Identifier: Apache-2.0
// Terms: every word of a traffic log and of the verdict, searchable.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getJson } from "../api";
import { plural } from "../format";
import { useAsked, useKeys, useTitle } from "../hooks";
import { linkTo, navigate } from "../router";
import type { Term } from "../types";
import { VerdictIcon, type Verdict } from "../ui/icons";
import { Empty, ErrorNotice, Loading } from "../ui/notice";
import { Source } from "../ui/verdict";
import type { UrlState } from "../url_state";

// Names that are the word come first, then those that start with it, then those that hold it, then the
// texts that do.
export function searchTerms(terms: readonly Term[], word: string): Term[] {
  const wanted = word.trim().toLowerCase();
  if (wanted === "") return [...terms];
  const rank = (term: Term): number => {
    const name = term.name.toLowerCase();
    if (name === wanted || name === `flag-${wanted}`) return 0;
    if (name.startsWith(wanted)) return 1;
    if (name.includes(wanted) || term.title?.toLowerCase().includes(wanted)) return 2;
    return `${term.meaning} ${term.leads_to ?? ""}`.toLowerCase().includes(wanted) ? 3 : 9;
  };
  return terms
    .map((term, index) => ({ term, index, rank: rank(term) }))
    .filter((entry) => entry.rank < 9)
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map((entry) => entry.term);
}

const verdictOfTerm = (term: Term): Verdict | null => {
  const text = term.leads_to ?? "";
  if (text.startsWith("Blocked")) return "blocked";
  if (text.startsWith("Allowed")) return "allowed";
  if (text.startsWith("Undetermined")) return "undetermined";
  return text.startsWith("Provisional") ? "running" : null;
};

export function TermsPage({ state }: { state: UrlState }) {
  useTitle("Terms");
  const { data, error, loading, reload } = useAsked("terms", (signal) => getJson<Term[]>("/terms", {}, signal));
  const input = useRef<HTMLInputElement>(null);
  const [word, setWord] = useState(state.word);
  const [kind, setKind] = useState("");
  // The address follows the field while someone types in it, and the field the address otherwise: what
  // comes back of the address is older than what was typed since.
  useEffect(() => {
    if (document.activeElement !== input.current) setWord(state.word);
  }, [state.word]);
  useKeys({ "/": () => input.current?.focus() });
  const found = useMemo(() => searchTerms(data ?? [], word), [data, word]);
  const kinds = useMemo(() => [...new Set((data ?? []).map((term) => term.kind))], [data]);
  const shown = kind ? found.filter((term) => term.kind === kind) : found;
  const type = (next: string) => {
    setWord(next);
    navigate({ word: next }, "replace");
  };
  const searching = word.trim() !== "";
  return (
    <div class="terms-page">
      <div class="panel terms-search">
        <h1>Terms</h1>
        <p class="hint">The words of a traffic log and of the verdict, what each means, and where that is from.</p>
        <div class="terms-fields">
          <input
            ref={input}
            type="search"
            aria-label="Search terms"
            placeholder="incomplete, aged-out, tcp-rst-from-server, flags…"
            value={word}
            onInput={(event) => type(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          />
          <select aria-label="Kind of term" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            <option value="">All kinds</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
          <span class="muted" role="status">
            {data ? plural(shown.length, "term") : ""}
          </span>
        </div>
      </div>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {!data && loading && <Loading lines={12} />}
      {data && shown.length === 0 && (
        <Empty title={`No term has “${word.trim()}” in it`}>
          <p>Try a part of the word, or another kind. Applications are not terms: only the statuses incomplete, insufficient-data, unknown-tcp, unknown-udp, unknown-p2p and not-applicable are.</p>
        </Empty>
      )}
      {searching ? <TermList terms={shown} withKind /> : kinds.map((one) => <KindSection key={one} kind={one} terms={shown.filter((term) => term.kind === one)} />)}
    </div>
  );
}

function KindSection({ kind, terms }: { kind: string; terms: Term[] }) {
  if (terms.length === 0) return null;
  return (
    <section>
      <h2 class="kind-head">
        {kind} <span class="muted">{terms.length}</span>
      </h2>
      <TermList terms={terms} />
    </section>
  );
}

function TermList({ terms, withKind = false }: { terms: Term[]; withKind?: boolean }) {
  return (
    <dl class="terms">
      {terms.map((term) => {
        const verdict = verdictOfTerm(term);
        return (
          <div key={`${term.kind}/${term.name}`} class="term">
            <dt>
              <a class="mono" href={linkTo({ page: "terms", word: term.name, from: "", to: "" })}>
                {term.name}
              </a>
              {term.title && <span class="muted">{term.title}</span>}
              {withKind && <span class="tag">{term.kind}</span>}
            </dt>
            <dd>
              {term.leads_to && (
                <p class={`leads-to ${verdict ? `status-${verdict}` : ""}`}>
                  {verdict && <VerdictIcon verdict={verdict} size={13} />} {term.leads_to}
                </p>
              )}
              <p>{term.meaning}</p>
              {term.source && (
                <p class="term-source muted">
                  <Source source={term.source} />
                </p>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
