// SPDX-License-Identifier: Apache-2.0
// Which rows of a long list are seen, and where they are drawn. Browsers stop at some 17 to 33 million
// pixels of height, fewer than a million rows need: a longer list scrolls at a scale.

export const tallest = 12_000_000; // pixels

export interface ScrollWindow {
  height: number; // of the box that is scrolled
  first: number;
  last: number; // one behind the last row to draw
  topOf: (index: number) => number; // where a row is drawn, in the box
}

export function scrollWindow(count: number, rowHeight: number, scrollTop: number, viewHeight: number, spare: number): ScrollWindow {
  const full = count * rowHeight;
  const height = Math.min(full, tallest);
  // The ends of both scales meet: scrolled all the way down is the last row.
  const scale = full > height && height > viewHeight ? (full - viewHeight) / (height - viewHeight) : 1;
  const top = Math.max(0, scrollTop) * scale;
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + spare);
  return { height, first, last, topOf: (index) => Math.max(0, scrollTop) + (index * rowHeight - top) };
}

// Where to scroll so that a row is seen whole; the same place when it is already.
export function scrollTo(index: number, count: number, rowHeight: number, scrollTop: number, viewHeight: number): number {
  const full = count * rowHeight;
  const height = Math.min(full, tallest);
  const scale = full > height && height > viewHeight ? (full - viewHeight) / (height - viewHeight) : 1;
  const top = scrollTop * scale;
  if (index * rowHeight < top) return (index * rowHeight) / scale;
  if ((index + 1) * rowHeight > top + viewHeight) return ((index + 1) * rowHeight - viewHeight) / scale;
  return scrollTop;
}
