// SPDX-License-Identifier: Apache-2.0
// Writes filters: a comparison from a cell, and how it joins what stands in the bar.
import type { ColumnKind, Value } from "../types";
import { tokenize } from "./tokens";

// A value as the language takes it: bare where that is safe, else in single quotes.
export function quoteValue(value: string): string {
  if (/^[\w.:/@*+#-]+$/u.test(value) && !/^(and|or|not)$/i.test(value)) return value;
  return `'${value.replace(/[\\']/g, (mark) => `\\${mark}`)}'`;
}

// The bar's own names of some columns, as Monitor > Logs writes them when a cell is clicked.
const barNames: { [column: string]: string } = {
  src: "addr.src",
  dst: "addr.dst",
  from: "zone.src",
  to: "zone.dst",
  sport: "port.src",
  dport: "port.dst",
  srcuser: "user.src",
  dstuser: "user.dst",
};

// The comparison that finds (or leaves out) rows with this value; null when the value cannot be asked
// for.
export function comparison(column: string, kind: ColumnKind, value: Value | undefined, wanted: boolean): string | null {
  if (column.startsWith("_") || column === "evidence") return null;
  const name = barNames[column] ?? column;
  if (value === undefined || value === null || value === "") return `( ${name} ${wanted ? "eq" : "neq"} '' )`;
  if (Array.isArray(value)) {
    const first = value[0];
    if (first === undefined) return `( ${name} ${wanted ? "eq" : "neq"} none )`;
    return `( ${name} ${wanted ? "eq" : "neq"} ${quoteValue(first)} )`;
  }
  const text = String(value);
  if (kind === "address") return `( ${name} ${wanted ? "in" : "notin"} ${quoteValue(text)} )`;
  return `( ${name} ${wanted ? "eq" : "neq"} ${quoteValue(text)} )`;
}

// What somebody most likely means who pastes an address or a port alone: the comparison of it. Null for
// anything else.
export function comparisonOfBare(text: string): string | null {
  const bare = text.trim();
  const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?:(\/\d{1,2})|:(\d{1,5}))?$/.exec(bare);
  if (v4) return `( addr in ${v4[1]}${v4[2] ?? ""} )${v4[3] ? ` and ( port.dst eq ${v4[3]} )` : ""}`;
  if (/^(?=.*:.*:)[\da-f:]+(\/\d{1,3})?$/i.test(bare)) return `( addr in ${bare} )`;
  return /^\d{1,5}$/.test(bare) && Number(bare) <= 65535 ? `( port.dst eq ${bare} )` : null;
}

// True when `or` stands outside of all brackets, so that `and` would take only its right side.
function hasLooseOr(filter: string): boolean {
  let depth = 0;
  for (const token of tokenize(filter)) {
    if (token.kind === "open") depth += 1;
    else if (token.kind === "close") depth -= 1;
    else if (depth === 0 && token.kind === "word" && token.text.toLowerCase() === "or") return true;
  }
  return false;
}

// `filter and clause`; a filter that already has the clause stays as it is.
export function addClause(filter: string, clause: string): string {
  const bare = filter.trim();
  if (bare === "") return clause;
  if (bare === clause || bare.endsWith(` and ${clause}`) || bare.startsWith(`${clause} and `)) return bare;
  if (bare.includes(` and ${clause} and `)) return bare;
  return `${hasLooseOr(bare) ? `( ${bare} )` : bare} and ${clause}`;
}
