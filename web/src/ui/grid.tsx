// SPDX-License-Identifier: Apache-2.0
// The table of rows: only what is seen is drawn. A click on a cell filters; Enter opens the session.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { reasonShort } from "../columns";
import { formatCount, formatTime, formatValue } from "../format";
import { useKeys, useNarrow } from "../hooks";
import { scrollTo, scrollWindow } from "../scroll_window";
import type { Column, LogRecord, Term, Value } from "../types";
import { VerdictIcon, verdictOf } from "./icons";
import { actionWord, VerdictBadge } from "./verdict";

export interface GridPlace {
  top: number;
  row: number;
}

interface Props {
  columns: Column[];
  terms: readonly Term[];
  count: number;
  rowAt: (index: number) => LogRecord | undefined;
  more: boolean; // further rows follow
  onNeed: (first: number, last: number) => void;
  onFilter: (column: Column, value: Value | undefined, wanted: boolean) => void;
  onOpen: (record: LogRecord) => void;
  place: GridPlace; // kept by the page, so that coming back finds the same rows
  before: number; // rows that came in on top since the page was opened
}

const wideRow = 26;
const narrowRow = 82;
const spareRows = 8; // drawn beyond both edges

export function Grid(props: Props) {
  const { columns, terms, count, rowAt, more, onNeed, place } = props;
  const narrow = useNarrow();
  const rowHeight = narrow ? narrowRow : wideRow;
  const view = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: place.top, height: 600 });
  const [active, setActive] = useState({ row: place.row, column: 0 });
  const widths = useWidths(columns, count, rowAt, terms);

  useLayoutEffect(() => {
    const box = view.current;
    if (!box) return;
    const measure = () => setScroll({ top: box.scrollTop, height: box.clientHeight });
    box.scrollTop = place.top;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [narrow]);

  // Rows that come in on top push the others down; who reads further below keeps the place.
  const seenBefore = useRef(props.before);
  useLayoutEffect(() => {
    const added = props.before - seenBefore.current;
    seenBefore.current = props.before;
    const box = view.current;
    if (added <= 0 || !box || box.scrollTop === 0) return;
    box.scrollTop += added * rowHeight;
    setActive((now) => ({ ...now, row: now.row + added }));
  }, [props.before]);

  const window = scrollWindow(count, rowHeight, scroll.top, scroll.height, spareRows);
  useEffect(() => onNeed(window.first, window.last), [window.first, window.last, count, onNeed]);

  const move = (rows: number, cells = 0) => {
    const row = Math.max(0, Math.min(count - 1, active.row + rows));
    const column = Math.max(0, Math.min(columns.length - 1, active.column + cells));
    setActive({ row, column });
    place.row = row;
    const box = view.current;
    if (!box) return;
    const head = narrow ? 0 : wideRow + 2;
    box.scrollTop = scrollTo(row, count, rowHeight, box.scrollTop, box.clientHeight - head);
    if (cells !== 0) box.querySelector(`[data-cell="${row}-${column}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const onPage = Math.max(1, Math.floor(scroll.height / rowHeight) - 2);
  const open = () => {
    const record = rowAt(active.row);
    if (record) props.onOpen(record);
  };
  const filterActive = (wanted: boolean) => {
    const column = columns[active.column];
    const record = rowAt(active.row);
    if (column && record) props.onFilter(column, record[column.name], wanted);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    ArrowRight: () => move(0, 1),
    ArrowLeft: () => move(0, -1),
    PageDown: () => move(onPage),
    PageUp: () => move(-onPage),
    Home: () => move(-count),
    End: () => move(count),
    Enter: open,
    o: open,
    "=": () => filterActive(true),
    "!": () => filterActive(false),
  });

  const press = (event: MouseEvent, row: number, index: number) => {
    setActive({ row, column: index });
    place.row = row;
    if (getSelection()?.toString()) return; // someone marks a text to copy
    const record = rowAt(row);
    const column = columns[index];
    if (!record || !column) return;
    if (narrow) props.onOpen(record);
    else props.onFilter(column, record[column.name], !event.altKey);
  };

  const rows = [];
  // A row that scrolls out of sight lends its elements to the one that comes in: changing texts is
  // much quicker than making boxes.
  const pool = Math.ceil(scroll.height / rowHeight) + 2 * spareRows + 2;
  for (let index = window.first; index < window.last; index += 1) {
    const record = rowAt(index);
    const style = { transform: `translateY(${window.topOf(index)}px)`, height: `${rowHeight}px`, gridTemplateColumns: narrow ? "100%" : widths.template };
    rows.push(
      <div
        key={index % pool}
        id={`row-${index}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={index === active.row}
        class={`row ${index === active.row ? "active" : ""} ${record ? `row-${verdictOf(record.final_action, record.outcome)}` : "row-empty"}`}
        style={style}
      >
        {!record ? null : narrow ? (
          <NarrowRow record={record} terms={terms} onOpen={() => props.onOpen(record)} />
        ) : (
          <>
            <div role="gridcell" class="cell cell-open">
              <button type="button" class="bare" tabIndex={-1} aria-label={`Open the session of row ${index + 1}`} onClick={() => props.onOpen(record)}>
                <VerdictIcon verdict={verdictOf(record.final_action, record.outcome)} size={14} />
              </button>
            </div>
            {columns.map((column, at) => (
              <Cell
                key={column.name}
                column={column}
                record={record}
                terms={terms}
                id={`${index}-${at}`}
                active={index === active.row && at === active.column}
                onPress={(event) => press(event, index, at)}
              />
            ))}
          </>
        )}
      </div>,
    );
  }

  return (
    <div
      ref={view}
      class={`grid ${narrow ? "grid-narrow" : ""}`}
      role="grid"
      tabIndex={0}
      aria-label="Rows of the traffic log"
      aria-rowcount={more ? -1 : count + 1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={`row-${active.row}`}
      onScroll={(event) => {
        const box = event.currentTarget;
        place.top = box.scrollTop;
        setScroll({ top: box.scrollTop, height: box.clientHeight });
      }}
    >
      {!narrow && (
        <div role="row" aria-rowindex={1} class="row head" style={{ gridTemplateColumns: widths.template, width: `${widths.total}px` }}>
          <div role="columnheader" class="cell cell-open" aria-label="Open" />
          {columns.map((column) => (
            <div key={column.name} role="columnheader" class={`cell kind-${column.kind} ${column.name === "final_action" ? "cell-verdict" : ""}`} title={`${column.title} (${column.name})`}>
              {column.title}
            </div>
          ))}
        </div>
      )}
      <div role="rowgroup" class="rows" style={{ height: `${window.height}px`, width: narrow ? "100%" : `${widths.total}px` }}>
        {rows}
      </div>
    </div>
  );
}

interface CellProps {
  column: Column;
  record: LogRecord;
  terms: readonly Term[];
  id: string;
  active: boolean;
  onPress: (event: MouseEvent) => void;
}

function Cell({ column, record, terms, id, active, onPress }: CellProps) {
  const value = record[column.name];
  const shown = cellText(column, value, terms);
  return (
    <div
      role="gridcell"
      data-cell={id}
      class={`cell kind-${column.kind} ${column.name === "final_action" ? "cell-verdict" : ""} ${active ? "active" : ""}`}
      title={column.name === "reason_code" ? `${shown} (${formatValue(value)})` : shown}
      onClick={onPress}
    >
      {column.name === "final_action" ? <ActionWord record={record} /> : shown}
    </div>
  );
}

// The outcome stands beside the word where it is not what the word makes one think.
function ActionWord({ record }: { record: LogRecord }) {
  const verdict = verdictOf(record.final_action, record.outcome);
  return (
    <span class={`word status-${verdict}`}>
      {actionWord(record.final_action)}
      {(verdict === "failed" || verdict === "partial") && <span class="badge-outcome">{record.outcome}</span>}
    </span>
  );
}

export function cellText(column: Column, value: Value | undefined, terms: readonly Term[]): string {
  if (column.name === "reason_code" && typeof value === "string") return reasonShort(terms, value);
  if (column.kind === "time" && typeof value === "string") return formatTime(value);
  if (typeof value === "number" && /^(bytes|packets|pkts)/.test(column.name)) return formatCount(value);
  return formatValue(value);
}

// On a telephone a row is a card of three lines.
function NarrowRow({ record, terms, onOpen }: { record: LogRecord; terms: readonly Term[]; onOpen: () => void }) {
  const end = (host: Value | undefined, port: Value | undefined) => `${formatValue(host)}${port ? `:${formatValue(port)}` : ""}`;
  return (
    <button type="button" class="card-row" role="gridcell" tabIndex={-1} onClick={onOpen}>
      <span class="card-line">
        <VerdictBadge action={record.final_action} outcome={record.outcome} />
        <time class="muted">{formatTime(formatValue(record.receive_time ?? record._time))}</time>
      </span>
      <span class="card-why">{reasonShort(terms, record.reason_code)}</span>
      <span class="card-line">
        <span class="mono card-tuple">
          {formatValue(record.src)} → {end(record.dst, record.dport)}
        </span>
        <span class="muted card-app">{formatValue(record.app)}</span>
      </span>
    </button>
  );
}

const charWidth = 7.1;
const cellPadding = 18;
const bounds: { [column: string]: [number, number] } = { reason_code: [20, 36], rule: [10, 24], srcuser: [8, 17], final_action: [17, 17] };

// Widths that fit the first rows, found once they are there, so that columns do not jump afterwards.
function useWidths(columns: Column[], count: number, rowAt: (index: number) => LogRecord | undefined, terms: readonly Term[]): { template: string; total: number } {
  const fitted = useRef(new Map<string, number>());
  const ready = count > 0 && terms.length > 0;
  const key = columns.map((column) => column.name).join() + (ready ? "+" : "-");
  const known = useRef("");
  if (known.current !== key) {
    known.current = key;
    for (const column of columns) if (!fitted.current.has(column.name) || !ready) fitted.current.set(column.name, fit(column, count, rowAt, terms));
    if (ready) for (const column of columns) fitted.current.set(column.name, fit(column, count, rowAt, terms));
  }
  const widths = columns.map((column) => fitted.current.get(column.name) ?? 80);
  return { template: `30px ${widths.map((width) => `${width}px`).join(" ")}`, total: 30 + widths.reduce((sum, width) => sum + width, 0) };
}

function fit(column: Column, count: number, rowAt: (index: number) => LogRecord | undefined, terms: readonly Term[]): number {
  const [least, most] = bounds[column.name] ?? [6, 24];
  let longest = Math.min(column.title.length * 1.02, most);
  for (let index = 0; index < Math.min(count, 100); index += 1) {
    const record = rowAt(index);
    if (record) longest = Math.max(longest, cellText(column, record[column.name], terms).length);
  }
  return Math.round(Math.max(least, Math.min(most, longest)) * charWidth + cellPadding);
}
