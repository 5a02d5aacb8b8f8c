// SPDX-License-Identifier: Apache-2.0
// Small drawings. A verdict has its own shape, so that it is told apart without its colour.
import type { FinalAction, Outcome } from "../types";

export type Verdict = "allowed" | "failed" | "partial" | "running" | "blocked" | "undetermined";

export function verdictOf(action: FinalAction | undefined, outcome?: Outcome): Verdict {
  if (action === "blocked") return "blocked";
  if (action !== "allowed") return "undetermined";
  if (outcome === "failed") return "failed";
  if (outcome === "partial") return "partial";
  return outcome === "in-progress" ? "running" : "allowed";
}

const shapes: { [verdict in Verdict]: preact.JSX.Element } = {
  // A disc with a tick.
  allowed: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M4.6 8.3 7 10.6l4.4-5" fill="none" stroke="var(--on-status)" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" />
    </>
  ),
  // A ring, for allowed and not yet over.
  running: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6 2.2" />
      <path d="M8 4.8V8l2.2 1.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </>
  ),
  // A triangle with its warning.
  failed: (
    <>
      <path d="M8 .9 15.5 14.4H.5Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />
      <path d="M8 5.6v4.1M8 12v.4" fill="none" stroke="var(--on-status)" stroke-width="1.7" stroke-linecap="round" />
    </>
  ),
  // A half-filled disc.
  partial: (
    <>
      <circle cx="8" cy="8" r="6.3" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M8 1.7a6.3 6.3 0 0 1 0 12.6Z" fill="currentColor" />
    </>
  ),
  // An octagon with a cross, as on the road.
  blocked: (
    <>
      <path d="M5 .9h6L15.1 5v6L11 15.1H5L.9 11V5Z" fill="currentColor" />
      <path d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" fill="none" stroke="var(--on-status)" stroke-width="1.9" stroke-linecap="round" />
    </>
  ),
  // A diamond with a question.
  undetermined: (
    <>
      <path d="M8 .5 15.5 8 8 15.5.5 8Z" fill="currentColor" />
      <path d="M6.2 6.4a1.9 1.9 0 1 1 2.7 1.8c-.6.3-.9.6-.9 1.2M8 11.3v.3" fill="none" stroke="var(--on-status)" stroke-width="1.5" stroke-linecap="round" />
    </>
  ),
};

export function VerdictIcon({ verdict, size = 14 }: { verdict: Verdict; size?: number }) {
  return (
    <svg class={`status-${verdict}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[verdict]}
    </svg>
  );
}

const lines = {
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3 14 14",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 4.8V8l2.4 1.5",
  columns: "M2 2.5h12v11H2ZM6 2.5v11M10 2.5v11",
  copy: "M5.5 5.5h8v8h-8ZM3 10.5H2.5v-8h8V3",
  download: "M8 2v8M4.8 7.2 8 10.4l3.2-3.2M2.5 13.5h11",
  filter: "M2 3h12M4 8h8M6.5 13h3",
  live: "M8 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6ZM5.2 5.2a4 4 0 0 0 0 5.6M10.8 5.2a4 4 0 0 1 0 5.6M3 3a7 7 0 0 0 0 10M13 3a7 7 0 0 1 0 10",
  sort: "M5 3v10M2.5 10.5 5 13l2.5-2.5M11 13V3M8.5 5.5 11 3l2.5 2.5",
  close: "m3.5 3.5 9 9m0-9-9 9",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  theme: "M8 2a6 6 0 1 0 0 12ZM8 2v12",
  help: "M5.8 6.2a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12v.4",
  reload: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3.4H9.6",
  back: "M13 8H3M7 4 3 8l4 4",
  file: "M4 1.8h5L12.5 5v9.2H4ZM9 1.8V5h3.5",
} as const;

export function LineIcon({ name, size = 14 }: { name: keyof typeof lines; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={lines[name]} />
    </svg>
  );
}
