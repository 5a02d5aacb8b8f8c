// SPDX-License-Identifier: Apache-2.0
// Keeps the state and the address bar together, by the History API.
import { useEffect, useState } from "preact/hooks";
import { emptyState, formatUrl, parseUrl, type UrlState } from "./url_state";

type Listener = (state: UrlState) => void;
const listeners = new Set<Listener>();

const here = (): UrlState => parseUrl(location.pathname, location.search);
let current = here();

function tell(): void {
  current = here();
  listeners.forEach((listener) => listener(current));
}
addEventListener("popstate", tell);

export const currentState = (): UrlState => current;

// Changes what is named and keeps the rest.
export function navigate(change: Partial<UrlState>, how: "push" | "replace" = "push"): void {
  const url = formatUrl({ ...current, ...change });
  if (url === formatUrl(current) && how === "push") return;
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  tell();
}

// The address of a state that starts from nothing but what is named and the time range.
export function linkTo(change: Partial<UrlState>): string {
  return formatUrl({ ...emptyState, from: current.from, to: current.to, ...change });
}

export function useUrlState(): UrlState {
  const [state, setState] = useState(current);
  useEffect(() => {
    const listener: Listener = (next) => setState(next);
    listeners.add(listener);
    setState(current);
    return () => void listeners.delete(listener);
  }, []);
  return state;
}

// Plain clicks on links of ours change the page without loading it; all others are the browser's.
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (/^\/(api|metrics|healthz)\b/.test(link.pathname)) return;
  event.preventDefault();
  const url = link.pathname + link.search;
  if (url !== location.pathname + location.search) history.pushState(null, "", url);
  tell();
  scrollTo(0, 0);
}
