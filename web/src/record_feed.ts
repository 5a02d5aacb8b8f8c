// SPDX-License-Identifier: Apache-2.0
// The rows of a question, fetched page by page as someone scrolls. Cursors only lead forward, so every
// page keeps the cursor that it began with: a page that was given up to save memory is fetched again.
import type { LogRecord, RecordPage } from "./types";

export interface FeedPage {
  cursor: string | null; // null: the first page
  count: number;
  rows: LogRecord[] | null; // null: given up, or under way
  used: number;
}

export type FetchPage = (cursor: string | null, signal: AbortSignal) => Promise<RecordPage>;

// About 20,000 rows are kept, some 20 MB; the rest of a million is a list of cursors.
export const pagesKept = 40;
const pagesAhead = 1;

export class RecordFeed {
  readonly pages: FeedPage[] = [];
  total: { rows: number; exact: boolean } | null = null;
  error: unknown = null;
  complete = false;
  count = 0;
  private next: string | null = null;
  private clock = 0;
  private readonly stop = new AbortController();
  private readonly under = new Set<number>(); // pages being fetched
  private readonly starts: number[] = []; // row number of each page's first row
  private readonly fetchPage: FetchPage;
  changed: () => void;
  private wanted = { first: 0, last: 0 };

  constructor(fetchPage: FetchPage, changed: () => void) {
    this.fetchPage = fetchPage;
    this.changed = changed;
  }

  end(): void {
    this.stop.abort();
  }

  get loading(): boolean {
    return this.under.size > 0;
  }

  retry(): void {
    this.error = null;
    this.need(this.wanted.first, this.wanted.last);
  }

  row(index: number): LogRecord | undefined {
    const page = this.pageOf(index);
    if (page < 0) return undefined;
    return this.pages[page]?.rows?.[index - (this.starts[page] ?? 0)];
  }

  // Says which rows are looked at; fetches what is missing of them, and a page beyond.
  need(first: number, last: number): void {
    this.wanted = { first, last };
    if (this.error) return;
    if (this.pages.length === 0) {
      this.extend();
      return;
    }
    const begin = Math.max(this.pageOf(Math.min(first, this.count - 1)), 0);
    const end = Math.max(this.pageOf(Math.min(last, this.count - 1)), begin);
    this.clock += 1;
    for (let page = begin; page <= end; page += 1) {
      const one = this.pages[page];
      if (!one) continue;
      one.used = this.clock;
      if (!one.rows) this.refetch(page);
    }
    if (!this.complete && end + pagesAhead > this.pages.length - 1) this.extend();
  }

  // The last page whose first row is not behind `index`.
  private pageOf(index: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= index) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  private extend(): void {
    const place = this.pages.length;
    if (this.under.has(place)) return;
    const cursor = place === 0 ? null : this.next;
    this.ask(place, cursor, (answer) => {
      this.starts.push(this.count);
      this.pages.push({ cursor, count: answer.records.length, rows: answer.records, used: this.clock });
      this.count += answer.records.length;
      this.next = answer.next;
      this.complete = answer.next === null || answer.records.length === 0;
      if (answer.total) this.total = answer.total;
      this.giveUp();
    });
  }

  private refetch(place: number): void {
    const page = this.pages[place];
    if (!page || this.under.has(place)) return;
    this.ask(place, page.cursor, (answer) => {
      page.rows = answer.records;
      this.giveUp();
    });
  }

  private ask(place: number, cursor: string | null, take: (answer: RecordPage) => void): void {
    this.under.add(place);
    this.fetchPage(cursor, this.stop.signal).then(
      (answer) => {
        this.under.delete(place);
        if (this.stop.signal.aborted) return;
        take(answer);
        this.changed();
        this.need(this.wanted.first, this.wanted.last);
      },
      (error: unknown) => {
        this.under.delete(place);
        if (this.stop.signal.aborted) return;
        this.error = error;
        this.changed();
      },
    );
  }

  // Drops the pages that were looked at longest ago.
  private giveUp(): void {
    const held = this.pages.filter((page) => page.rows);
    if (held.length <= pagesKept) return;
    held.sort((a, b) => a.used - b.used);
    for (const page of held.slice(0, held.length - pagesKept)) page.rows = null;
  }
}
