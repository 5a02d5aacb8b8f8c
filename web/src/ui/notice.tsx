// SPDX-License-Identifier: Apache-2.0
// What is shown instead of data: an error, or nothing to show. Both say what to do.
import type { ComponentChildren } from "preact";
import { getJson, type ApiError } from "../api";
import { formatAgo, formatTime } from "../format";
import { useAsked } from "../hooks";
import { navigate } from "../router";
import type { Status } from "../types";
import type { UrlState } from "../url_state";
import { VerdictIcon } from "./icons";

const remedies: { [code: string]: string } = {
  "too-slow": "Choose a shorter time, or add a comparison that leaves less.",
  busy: "The server works on other questions; this page asks again by itself.",
  unauthorized: "Give the token from the server's configuration.",
  forbidden: "Your token may only read; ask for one of an administrator.",
  "not-found": "The row may have been removed by retention. Search it by its addresses.",
};

export function ErrorNotice({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  const { code, message, remedy, nearest } = error.problem;
  const advice = remedy ?? remedies[code];
  return (
    <div class="notice notice-error" role="alert">
      <VerdictIcon verdict="failed" size={20} />
      <div>
        <strong>{message}</strong>
        {nearest && nearest.length > 0 && <p>Did you mean {nearest.join(", ")}?</p>}
        {advice && <p>{advice}</p>}
        {onRetry && (
          <button type="button" class="small" onClick={onRetry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="notice notice-empty">
      <div>
        <strong>{title}</strong>
        <div>{children}</div>
      </div>
    </div>
  );
}

// Keeps the place of what is coming, and tells it to who cannot see.
export function Loading({ lines = 6 }: { lines?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

// Rows there are, but none that were asked for. In an incident the first question is then whether the log
// still comes at all, so the newest row is named.
export function NothingFound({ state }: { state: UrlState }) {
  const { data } = useAsked("newest", (signal) => getJson<Status>("/status", {}, signal));
  const newest = data?.store.newest;
  const timed = state.from !== "" || state.to !== "";
  const day = newest ? `${newest.slice(0, 10)}T00:00:00Z` : "";
  return (
    <Empty title={state.filter === "" ? "No row is of this time" : timed ? "No row of this time matches the filter" : "No row matches the filter"}>
      {timed && newest && (
        <p>
          The newest row is of {formatTime(newest)} UTC, {formatAgo(newest, Date.now())}.
        </p>
      )}
      <p class="toolbar">
        {timed && newest && (
          <button type="button" class="small" onClick={() => navigate({ from: day, to: "" })}>
            From the newest row's day on
          </button>
        )}
        {timed && (
          <button type="button" class="small" onClick={() => navigate({ from: "", to: "" })}>
            Look at all time
          </button>
        )}
        {state.filter !== "" && (
          <button type="button" class="small" onClick={() => navigate({ filter: "" })}>
            Clear the filter
          </button>
        )}
      </p>
      {state.filter !== "" && <p>Words are compared as they stand, case and all; contains ignores case. addr in 10.0.0.0/8 looks at both sides.</p>}
    </Empty>
  );
}

export function NothingReceived() {
  const base = `${location.origin}/api/v1`;
  return (
    <Empty title="Nothing was received yet">
      <p>Point a firewall's syslog forwarding at this server, or send it a log that you have:</p>
      <pre>{`curl --data-binary @traffic.log '${base}/ingest'`}</pre>
      <p>
        To look at lines without storing them, use <a href="/explain">Explain</a>.
      </p>
    </Empty>
  );
}
