// SPDX-License-Identifier: Apache-2.0
// The time that a page looks at: presets counted back from now, or two times in UTC.
import { useEffect, useState } from "preact/hooks";
import { formatTime } from "../format";
import { presetOf, timePresets } from "../url_state";
import { Menu } from "./copy";

interface Props {
  from: string;
  to: string;
  onChange: (range: { from: string; to: string }) => void;
}

// What an input of type datetime-local takes and gives, read as UTC.
const toField = (text: string): string => (Number.isNaN(Date.parse(text)) ? "" : new Date(Date.parse(text)).toISOString().slice(0, 19));
const fromField = (text: string): string => (text ? `${text.length === 16 ? `${text}:00` : text}Z` : "");

export function rangeLabel(from: string, to: string): string {
  const preset = presetOf({ from, to });
  if (preset) return preset.label;
  const shown = (text: string) => (Number.isNaN(Date.parse(text)) ? text : formatTime(text));
  return `${from ? shown(from) : "Oldest"} – ${to ? shown(to) : "newest"}`;
}

export function TimeRange({ from, to, onChange }: Props) {
  const [begin, setBegin] = useState(toField(from));
  const [end, setEnd] = useState(toField(to));
  useEffect(() => {
    setBegin(toField(from));
    setEnd(toField(to));
  }, [from, to]);
  const choose = (range: { from: string; to: string }, event: Event) => {
    (event.currentTarget as Element).closest("details")?.removeAttribute("open");
    onChange(range);
  };
  const wrong = begin !== "" && end !== "" && begin >= end;
  return (
    <Menu label={rangeLabel(from, to)} icon="clock">
      <ul class="menu-list">
        {timePresets.map((preset) => (
          <li key={preset.label}>
            <button
              type="button"
              class="menu-item"
              aria-current={presetOf({ from, to }) === preset ? "true" : undefined}
              onClick={(event) => choose({ from: preset.from, to: "" }, event)}
            >
              {preset.label}
            </button>
          </li>
        ))}
      </ul>
      <div class="menu-form">
        <label>
          From (UTC)
          <input type="datetime-local" step="1" value={begin} onInput={(event) => setBegin(event.currentTarget.value)} />
        </label>
        <label>
          To (UTC)
          <input type="datetime-local" step="1" value={end} onInput={(event) => setEnd(event.currentTarget.value)} />
        </label>
        {wrong && (
          <p class="hint" role="alert">
            The first time must come before the second.
          </p>
        )}
        <button type="button" class="primary" disabled={wrong} onClick={(event) => choose({ from: fromField(begin), to: fromField(end) }, event)}>
          Show this time
        </button>
      </div>
    </Menu>
  );
}
