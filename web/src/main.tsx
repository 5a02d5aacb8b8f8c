// SPDX-License-Identifier: Apache-2.0
// The frame around the pages: navigation, theme, help, the token, and the state of the server.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { getJson, onUnauthorized, writeToken } from "./api";
import { formatCount, formatTime } from "./format";
import { useAsked, useKeys } from "./hooks";
import { DevicesPage } from "./pages/devices";
import { ExplainPage } from "./pages/explain";
import { LogPage } from "./pages/log";
import { OverviewPage } from "./pages/overview";
import { SessionPage } from "./pages/session";
import { TermsPage } from "./pages/terms";
import { followLinks, linkTo, navigate, useUrlState } from "./router";
import type { Status } from "./types";
import { useDialog } from "./ui/column_chooser";
import { LineIcon } from "./ui/icons";
import { Empty } from "./ui/notice";
import { nextTheme, readTheme, setTheme, themeWord } from "./theme";
import type { PageName, UrlState } from "./url_state";
import "./style/tokens.css";
import "./style/base.css";
import "./style/pages.css";

const links: readonly { page: PageName; word: string; key: string }[] = [
  { page: "overview", word: "Overview", key: "1" },
  { page: "log", word: "Log", key: "2" },
  { page: "devices", word: "Devices", key: "3" },
  { page: "terms", word: "Terms", key: "4" },
  { page: "explain", word: "Explain", key: "5" },
];

function Page({ state }: { state: UrlState }) {
  switch (state.page) {
    case "overview":
      return <OverviewPage state={state} />;
    case "log":
      return <LogPage state={state} />;
    case "session":
      return <SessionPage key={state.id} state={state} />;
    case "devices":
      return <DevicesPage />;
    case "terms":
      return <TermsPage state={state} />;
    case "explain":
      return <ExplainPage />;
    case "unknown":
      return (
        <Empty title="There is no such page">
          <a href="/">Overview</a>
        </Empty>
      );
  }
}

function App() {
  const state = useUrlState();
  const [help, setHelp] = useState(false);
  const [theme, setThemeWord] = useState(readTheme);
  const changeTheme = () => {
    const next = nextTheme(theme);
    setTheme(next);
    setThemeWord(next);
  };
  const go: { [key: string]: () => void } = {};
  for (const { page, key } of links) go[key] = () => navigate({ page, id: "", word: "", live: false });
  // Who cannot see the page change is told by the focus.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) document.getElementById("content")?.focus({ preventScroll: true });
    first.current = false;
  }, [state.page, state.id]);
  useKeys({ ...go, "?": () => setHelp(true), t: changeTheme });
  // The filter and the time stay when one goes from Overview to Log and back.
  const hrefOf = (page: PageName) => linkTo({ page, filter: page === "overview" || page === "log" ? state.filter : "" });
  const current = state.page === "session" ? "log" : state.page;
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={linkTo({ page: "overview", from: "", to: "" })}>
          <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M2 10h7" class="brand-line" />
            <path d="M13 3.5v13" class="brand-wall" />
            <path d="m7.5 7 3 3-3 3" class="brand-line" />
          </svg>
          endreason
        </a>
        <nav aria-label="Pages">
          {links.map(({ page, word }) => (
            <a key={page} href={hrefOf(page)} aria-current={current === page ? "page" : undefined}>
              {word}
            </a>
          ))}
        </nav>
        <ServerState />
        <button type="button" class="bare top-button" title={`Theme: ${themeWord[theme]} (t)`} aria-label={`Theme: ${themeWord[theme]}. Change it`} onClick={changeTheme}>
          <LineIcon name="theme" size={16} />
        </button>
        <button type="button" class="bare top-button" title="Keys (?)" aria-label="Keys" onClick={() => setHelp(true)}>
          <LineIcon name="help" size={16} />
        </button>
      </header>
      <main id="content" class={`page page-${state.page}`} tabIndex={-1}>
        <Page state={state} />
      </main>
      <Help open={help} onClose={() => setHelp(false)} />
      <TokenDialog />
    </>
  );
}

const stateWords: { [state in Status["state"]]: string } = {
  running: "running",
  "spool-full": "spool full: not taking rows",
  "disk-full": "disk full: not taking rows",
  "store-away": "database away: rows wait in the spool",
  draining: "stopping",
};

function ServerState() {
  const { data, error, reload } = useAsked("status", (signal) => getJson<Status>("/status", {}, signal));
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), 15_000);
    return () => clearInterval(timer);
  }, [reload]);
  if (error) return <span class="server-state bad">{error.status === 0 ? "no answer" : error.problem.message}</span>;
  if (!data) return <span class="server-state" />;
  const { rows, newest } = data.store;
  return (
    <span class={`server-state ${data.state === "running" ? "" : "bad"}`} title={data.problem || `endreason ${data.version}; newest row ${formatTime(newest)} UTC`}>
      <span class="server-rows">{formatCount(rows)} rows · </span>
      {stateWords[data.state]}
    </span>
  );
}

const helpKeys: readonly [string, string][] = [
  ["/", "to the filter, or the search"],
  ["Enter", "apply the filter; open the session of the chosen row"],
  ["Tab", "in the filter: take the first completion"],
  ["Esc", "close, leave the field, back to the log"],
  ["j k", "next and previous row"],
  ["← →", "next and previous column of the chosen row"],
  ["= !", "add the chosen cell to the filter, or leave it out"],
  ["click", "a cell: add it to the filter; with Alt: leave it out"],
  ["l", "follow new rows"],
  ["r", "ask again"],
  ["1 … 5", "the pages"],
  ["t", "dark, light, or as the system"],
];

function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useDialog(open);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="help-title" onClose={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      <div class="dialog-head">
        <h2 id="help-title">Keys</h2>
        <button type="button" class="bare" aria-label="Close" onClick={onClose}>
          <LineIcon name="close" />
        </button>
      </div>
      <dl class="keys">
        {helpKeys.map(([key, says]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}

// A server beyond loopback wants a token; it stays in this tab.
function TokenDialog() {
  const [open, setOpen] = useState(false);
  const [token, setToken] = useState("");
  const dialog = useDialog(open);
  useEffect(() => onUnauthorized(() => setOpen(true)), []);
  const enter = (event: Event) => {
    event.preventDefault();
    writeToken(token.trim());
    location.reload();
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="token-title" onClose={() => setOpen(false)}>
      <form onSubmit={enter}>
        <h2 id="token-title">This server wants a token</h2>
        <p class="hint">It stands in the server's configuration. This browser keeps it until the tab is closed.</p>
        <label class="token-field">
          Token
          <input type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        <div class="toolbar">
          <button type="submit" class="primary" disabled={token.trim() === ""}>
            Use it
          </button>
        </div>
      </form>
    </dialog>
  );
}

document.addEventListener("click", followLinks);
const root = document.getElementById("app");
if (root) render(<App />, root);
