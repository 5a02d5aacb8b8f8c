// SPDX-License-Identifier: Apache-2.0
// Hooks that the pages share: asking the server, keys, the width of the window.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "./api";

export interface Asked<T> {
  data: T | null; // of the question before, until the answer to a new one is there
  error: ApiError | null;
  loading: boolean;
  stale: boolean; // the data answer an earlier question
  reload: () => void;
}

// Asks when `key` changes. A later question ends an earlier one, so answers never overtake each other.
// A server that does not answer is asked again.
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: ApiError | null }>({ key, data: null, error: null });
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(true);
  const asking = useRef(ask);
  asking.current = ask;
  useEffect(() => {
    const stop = new AbortController();
    let again: number | undefined;
    setLoading(true);
    asking.current(stop.signal).then(
      (data) => {
        setState({ key, data, error: null });
        setLoading(false);
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, { code: "internal", message: String(error) });
        setState((before) => ({ key, data: before.key === key ? before.data : null, error: known }));
        setLoading(false);
        if (known.problem.code === "unreachable" || known.problem.code === "busy")
          again = window.setTimeout(() => setRound((n) => n + 1), 5000);
      },
    );
    return () => {
      stop.abort();
      window.clearTimeout(again);
    };
  }, [key, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { data: state.data, error: state.error, loading, stale: state.key !== key, reload };
}

// Does it every so often while somebody can see the page.
export function useRefresh(action: () => void, milliseconds: number): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && latest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}

const typesInto = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// Keys of the page, not heard while someone types or a dialog is open.
export function useKeys(keys: { [key: string]: (event: KeyboardEvent) => void }): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typesInto(event.target) || document.querySelector("dialog[open]")) return;
      const action = latest.current[event.key];
      if (!action) return;
      // Enter and Space on a button or link are the button's.
      if ((event.key === "Enter" || event.key === " ") && (event.target as Element | null)?.closest("a, button, summary")) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
}

export function useNarrow(): boolean {
  const query = "(max-width: 760px)";
  const [narrow, setNarrow] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listener = () => setNarrow(media.matches);
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  }, []);
  return narrow;
}

// Kept in this browser; a browser that keeps nothing still shows the page.
export function readStored<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · endreason` : "endreason";
  }, [title]);
}
