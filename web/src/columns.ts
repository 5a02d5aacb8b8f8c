// SPDX-License-Identifier: Apache-2.0
// What the server says of its columns and reasons; asked once and kept.
import { useEffect, useState } from "preact/hooks";
import { getJson } from "./api";
import type { Column, Term } from "./types";

let columns: Promise<Column[]> | null = null;
export function loadColumns(): Promise<Column[]> {
  columns ??= getJson<Column[]>("/columns").then(named).catch((error: unknown) => {
    columns = null;
    throw error;
  });
  return columns;
}

// The table writes a reason as words, under the heading that the command line gives them.
const headings: { [column: string]: string } = { reason_code: "Why", why: "Why, in a phrase" };
const named = (all: Column[]): Column[] => all.map((column) => ({ ...column, title: headings[column.name] ?? column.title }));

let terms: Promise<Term[]> | null = null;
export function loadTerms(): Promise<Term[]> {
  terms ??= getJson<Term[]>("/terms").catch((error: unknown) => {
    terms = null;
    throw error;
  });
  return terms;
}

function useLoaded<T>(load: () => Promise<T[]>): T[] {
  const [loaded, setLoaded] = useState<T[]>([]);
  useEffect(() => {
    let alive = true;
    load().then(
      (all) => alive && setLoaded(all),
      () => undefined, // the page's own question fails too, and says why
    );
    return () => void (alive = false);
  }, []);
  return loaded;
}

export const useColumns = (): Column[] => useLoaded(loadColumns);
export const useTerms = (): Term[] => useLoaded(loadTerms);

// "Blocked by a security profile…" of a reason code; the code itself where nothing is known of it.
export function reasonTitle(all: readonly Term[], code: string | undefined): string {
  if (!code) return "";
  const term = all.find((one) => one.name === code && one.kind.startsWith("reason code"));
  return (term?.leads_to ?? code).replace(/\.$/, "");
}

// The same without the final action in front, for places where that stands already.
export function reasonShort(all: readonly Term[], code: string | undefined): string {
  const title = reasonTitle(all, code);
  const bare = title.replace(/^(Allowed|Blocked|Undetermined)(?: so far)?[;:,]?\s+(?:(?:and|but)\s+)?/, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}
