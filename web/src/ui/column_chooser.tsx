// SPDX-License-Identifier: Apache-2.0
// Which columns the table shows, and in which order. Kept in this browser.
import { useEffect, useRef, useState } from "preact/hooks";
import { readStored, writeStored } from "../hooks";
import type { Column } from "../types";
import { LineIcon } from "./icons";

const storeKey = "endreason.columns";

// The verdict stands first, then the columns in the order of Monitor > Logs > Traffic.
export const defaultColumns: readonly string[] = [
  "final_action",
  "reason_code",
  "receive_time",
  "subtype",
  "from",
  "to",
  "src",
  "srcuser",
  "dst",
  "dport",
  "app",
  "action",
  "rule",
  "session_end_reason",
  "bytes",
  "outcome",
];

export const readChosen = (): string[] => {
  const stored = readStored<unknown>(storeKey, null);
  const names = Array.isArray(stored) ? stored.filter((name): name is string => typeof name === "string") : [];
  return names.length > 0 ? names : [...defaultColumns];
};
export const keepChosen = (names: readonly string[]): void => writeStored(storeKey, names);

interface Props {
  columns: readonly Column[];
  chosen: string[];
  onChange: (names: string[]) => void;
}

export function ColumnChooser({ columns, chosen, onChange }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [search, setSearch] = useState("");
  const shown = columns.filter((column) => !column.name.includes(".") && matches(column, search));
  const groups = [...new Set(shown.map((column) => column.group))];
  const titles = new Map(columns.map((column) => [column.name, column.title]));

  const toggle = (name: string) => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  const shift = (index: number, by: number) => {
    const next = [...chosen];
    const [moved] = next.splice(index, 1);
    if (moved !== undefined) next.splice(index + by, 0, moved);
    onChange(next);
  };

  return (
    <>
      <button type="button" class="button" onClick={() => dialog.current?.showModal()}>
        <LineIcon name="columns" />
        <span class="button-word">Columns</span>
      </button>
      <dialog ref={dialog} class="dialog wide" aria-labelledby="columns-title" onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
        <div class="dialog-head">
          <h2 id="columns-title">Columns</h2>
          <input type="search" aria-label="Search columns" placeholder="Search columns" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          <button type="button" class="small" onClick={() => onChange([...defaultColumns])}>
            As at first
          </button>
          <button type="button" class="bare" aria-label="Close" onClick={() => dialog.current?.close()}>
            <LineIcon name="close" />
          </button>
        </div>
        <div class="chooser">
          <section>
            <h3>Shown, in this order</h3>
            <ol class="chosen">
              {chosen.map((name, index) => (
                <li key={name}>
                  <span>{titles.get(name) ?? name}</span>
                  <button type="button" class="bare" aria-label={`Move ${name} up`} disabled={index === 0} onClick={() => shift(index, -1)}>
                    <LineIcon name="up" size={12} />
                  </button>
                  <button type="button" class="bare" aria-label={`Move ${name} down`} disabled={index === chosen.length - 1} onClick={() => shift(index, 1)}>
                    <LineIcon name="down" size={12} />
                  </button>
                  <button type="button" class="bare" aria-label={`Hide ${name}`} disabled={chosen.length === 1} onClick={() => toggle(name)}>
                    <LineIcon name="close" size={12} />
                  </button>
                </li>
              ))}
            </ol>
          </section>
          <section class="all-columns">
            {groups.length === 0 && <p class="hint">No column has that in its name or title.</p>}
            {groups.map((group) => (
              <fieldset key={group}>
                <legend>{group}</legend>
                {shown
                  .filter((column) => column.group === group)
                  .map((column) => (
                    <label key={column.name}>
                      <input
                        type="checkbox"
                        checked={chosen.includes(column.name)}
                        disabled={chosen.length === 1 && chosen[0] === column.name}
                        onChange={() => toggle(column.name)}
                      />
                      {column.title} <span class="muted mono">{column.name}</span>
                    </label>
                  ))}
              </fieldset>
            ))}
          </section>
        </div>
      </dialog>
    </>
  );
}

const matches = (column: Column, search: string): boolean => {
  const wanted = search.trim().toLowerCase();
  return column.name.toLowerCase().includes(wanted) || column.title.toLowerCase().includes(wanted);
};

// A dialog that opens when `open` turns true and says when it was closed.
export function useDialog(open: boolean) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    if (!box) return;
    if (open && !box.open) box.showModal();
    if (!open && box.open) box.close();
  }, [open]);
  return dialog;
}
