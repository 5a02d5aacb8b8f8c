// SPDX-License-Identifier: Apache-2.0
// Filters that are asked for again and again, and those that someone kept in this browser.
import { useState } from "preact/hooks";
import { readStored, writeStored } from "../hooks";
import { Menu } from "./copy";
import { LineIcon } from "./icons";

const storeKey = "endreason.filters";

const builtIn: readonly { word: string; filter: string }[] = [
  { word: "Counted as allowed, blocked in fact", filter: "( action eq allow ) and ( final_action eq blocked )" },
  { word: "Allowed, and it did not work", filter: "( final_action eq allowed ) and ( outcome eq failed )" },
  { word: "Nobody answered", filter: "( reason_code eq syn-no-answer )" },
  { word: "The server refused", filter: "( reason_code eq refused-by-server )" },
  { word: "Blocked by a security profile", filter: "( session_end_reason eq threat )" },
  { word: "Blocked by decryption", filter: "( ended_by eq decryption )" },
  { word: "No rule allows it", filter: "( reason_code eq dropped-before-app-id )" },
  { word: "Columns that do not agree", filter: "( contradictions neq none )" },
  { word: "Allowed rows that are not an end", filter: "( subtype neq end ) and ( action eq allow )" },
  { word: "Not told by the row", filter: "( final_action eq undetermined )" },
];

function readKept(): string[] {
  const stored = readStored<unknown>(storeKey, []);
  return Array.isArray(stored) ? stored.filter((one): one is string => typeof one === "string") : [];
}

export function FilterMenu({ filter, onApply }: { filter: string; onApply: (filter: string) => void }) {
  const [kept, setKept] = useState(readKept);
  const keep = (next: string[]) => {
    writeStored(storeKey, next);
    setKept(next);
  };
  const take = (event: Event, wanted: string) => {
    (event.currentTarget as Element).closest("details")?.removeAttribute("open");
    onApply(wanted);
  };
  return (
    <Menu label="Filters" icon="filter">
      <ul class="menu-list">
        {builtIn.map((one) => (
          <li key={one.filter}>
            <button type="button" class="menu-item" title={one.filter} aria-current={filter === one.filter ? "true" : undefined} onClick={(event) => take(event, one.filter)}>
              {one.word}
            </button>
          </li>
        ))}
      </ul>
      <div class="menu-form">
        {kept.map((one) => (
          <div key={one} class="kept-filter">
            <button type="button" class="menu-item mono" title={one} onClick={(event) => take(event, one)}>
              {one}
            </button>
            <button type="button" class="bare" aria-label={`Forget ${one}`} onClick={() => keep(kept.filter((other) => other !== one))}>
              <LineIcon name="close" size={12} />
            </button>
          </div>
        ))}
        <button type="button" class="button" disabled={filter === "" || kept.includes(filter)} onClick={() => keep([filter, ...kept])}>
          Keep the present filter
        </button>
      </div>
    </Menu>
  );
}
