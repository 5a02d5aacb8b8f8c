// SPDX-License-Identifier: Apache-2.0
// Numbers, bytes, times and durations as the pages write them. Times are UTC, and say so where they
// stand alone.
import type { Value } from "./types";

const groups = new Intl.NumberFormat("en-US");
export const formatCount = (count: number): string => groups.format(count);

// 950, 1.2 k, 34 M: for places where the exact number is a hover away.
export function formatShort(count: number): string {
  return scaled(count, 1000, ["", " k", " M", " G", " T"]);
}

export function formatBytes(bytes: number): string {
  return scaled(bytes, 1000, [" B", " kB", " MB", " GB", " TB", " PB"]);
}

function scaled(amount: number, base: number, units: readonly string[]): string {
  let value = amount;
  let unit = 0;
  while (Math.abs(value) >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  // 999.96 k would round to 1000.0 k.
  if (unit > 0 && Math.abs(Number(value.toFixed(1))) >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return value.toFixed(digits) + (units[unit] ?? "");
}

export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "–";
  if (part === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.1) return "<0.1 %";
  if (part < whole && percent > 99.9) return ">99.9 %";
  return `${percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

const year = 365.25 * 86400;

export function formatDuration(seconds: number): string {
  const s = Math.abs(seconds);
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 120) return `${Number(s.toFixed(1))} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  if (s < 2 * year) return `${formatCount(Math.round(s / 86400))} days`;
  return `${formatCount(Math.round(s / year))} years`;
}

// 2026-03-10 10:00:00 of an RFC 3339 time, in UTC; what is no time stays as it is.
export function formatTime(text: string | null | undefined): string {
  if (!text) return "–";
  const time = Date.parse(text);
  if (Number.isNaN(time)) return text;
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

export function formatAgo(text: string | null | undefined, now: number): string {
  if (!text) return "never";
  const seconds = (now - Date.parse(text)) / 1000;
  if (Number.isNaN(seconds)) return text;
  return seconds < 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(seconds)} ago`;
}

export function formatValue(value: Value | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
