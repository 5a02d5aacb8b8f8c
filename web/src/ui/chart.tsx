// SPDX-License-Identifier: Apache-2.0
// Sessions over time, stacked by what happened to them. Each part has a pattern of its own, for eyes and
// printers that do not tell the colours apart. Dragging chooses a time.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatCount, formatShort, formatTime } from "../format";
import type { Step } from "../types";
import { VerdictIcon, type Verdict } from "./icons";

interface Part {
  key: "blocked" | "allowed_failed" | "undetermined" | "allowed";
  label: string;
  verdict: Verdict;
}

// From the bottom up: what went wrong stands on the base line, where heights can be compared.
const parts: readonly Part[] = [
  { key: "blocked", label: "Blocked", verdict: "blocked" },
  { key: "allowed_failed", label: "Allowed, failed", verdict: "failed" },
  { key: "undetermined", label: "Undetermined", verdict: "undetermined" },
  { key: "allowed", label: "Allowed", verdict: "allowed" },
];

// Heights for drawing, topmost first: each the sum of itself and all below it.
export function stack(series: readonly Step[], hidden: ReadonlySet<string>): number[][] {
  const sums = series.map(() => 0);
  const rows = parts.map((part) =>
    series.map((step, index) => (sums[index] = (sums[index] ?? 0) + (hidden.has(part.key) ? 0 : step[part.key]))),
  );
  return rows.reverse();
}

function pattern(context: CanvasRenderingContext2D, verdict: Verdict, colour: string): string | CanvasPattern {
  if (verdict === "allowed" || verdict === "blocked") return colour;
  const scale = devicePixelRatio || 1;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6 * scale;
  const pen = tile.getContext("2d");
  if (!pen) return colour;
  pen.scale(scale, scale);
  pen.globalAlpha = 0.35;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 6, 6);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  if (verdict === "failed") for (const x of [-6, 0, 6]) pen.moveTo(x, 6), pen.lineTo(x + 6, 0);
  else pen.moveTo(3, 0), pen.lineTo(3, 6);
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? colour;
}

const cssColour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// 03-10 of days, 14:00 within a day, with its date where a day begins.
export function timeLabels(splits: readonly number[], step: number): string[] {
  let day = "";
  return splits.map((seconds) => {
    const text = new Date(seconds * 1000).toISOString();
    const date = text.slice(5, 10);
    const first = date !== day;
    day = date;
    if (step >= 86400 * 28) return text.slice(0, 7);
    if (step >= 86400) return date;
    return `${first ? `${date} ` : ""}${text.slice(11, step < 60 ? 19 : 16)}`;
  });
}

// Between labels, in seconds: no log tells less than one apart, so less would only repeat a label.
const minute = 60;
const hour = 3600;
const day = 86400;
const labelSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * hour),
  ...[1, 2, 3, 5, 10, 15].map((n) => n * day),
  ...[1, 2, 3, 6].map((n) => n * 30 * day),
  ...[1, 2, 5, 10, 25, 50, 100].map((n) => n * 365 * day),
];

interface Props {
  series: Step[];
  stepSeconds: number;
  height: number;
  onRange: (from: string, to: string) => void;
  compact?: boolean;
}

export function SessionsChart({ series, stepSeconds, height, onRange, compact = false }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [hovered, setHovered] = useState<number | null>(null);
  const [theme, setTheme] = useState(0);
  const choose = useRef(onRange);
  choose.current = onRange;

  useEffect(() => {
    const changed = () => setTheme((n) => n + 1);
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", changed);
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      media.removeEventListener("change", changed);
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    const host = place.current;
    if (!host || series.length === 0) return;
    const times = series.map((step) => Date.parse(step.time) / 1000);
    const plot = new uPlot(options(host.clientWidth, height, times, stepSeconds, compact, setHovered, choose), [times, ...stack(series, hidden)] as uPlot.AlignedData, host);
    const observer = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height }));
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [series, hidden, theme, height, stepSeconds, compact]);

  const toggle = (key: string) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  };
  const step = hovered === null ? undefined : series[hovered];
  const sum = (key: Part["key"]) => series.reduce((total, one) => total + one[key], 0);
  return (
    <figure class={`chart ${compact ? "chart-compact" : ""}`} aria-label={`Sessions over time: ${parts.map((part) => `${part.label} ${formatCount(sum(part.key))}`).join(", ")}`}>
      <div ref={place} class="chart-plot" />
      <figcaption>
        {[...parts].reverse().map((part) => (
          <button key={part.key} type="button" class="legend" aria-pressed={!hidden.has(part.key)} onClick={() => toggle(part.key)}>
            <VerdictIcon verdict={part.verdict} size={12} />
            {part.label} <span class="number">{formatCount(step ? step[part.key] : sum(part.key))}</span>
          </button>
        ))}
        <span class="chart-when muted">{step ? `${formatTime(step.time)} UTC` : compact ? "" : "Drag to choose a time"}</span>
      </figcaption>
    </figure>
  );
}

function options(
  width: number,
  height: number,
  times: readonly number[],
  stepSeconds: number,
  compact: boolean,
  onHover: (index: number | null) => void,
  choose: { current: (from: string, to: string) => void },
): uPlot.Options {
  const grid = { stroke: cssColour("--line"), width: 1 };
  const ink = cssColour("--muted");
  const bars = uPlot.paths.bars?.({ size: [0.92, 40], align: 1 });
  const drawn = [...parts].reverse();
  const last = times[times.length - 1] ?? 0;
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    padding: compact ? [4, 40, 0, 40] : [8, 30, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
    },
    scales: {
      x: { time: true, range: () => [times[0] ?? 0, last + stepSeconds] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.06 : 1] },
    },
    axes: [
      { stroke: ink, grid: { show: false }, ticks: grid, font: "11px system-ui, sans-serif", size: 26, space: 78, incrs: labelSteps, values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step) },
      compact
        ? { show: false }
        : { stroke: ink, grid, ticks: { show: false }, font: "11px system-ui, sans-serif", size: 50, values: (_plot, splits) => splits.map(formatShort) },
    ],
    series: [
      {},
      ...drawn.map((part) => ({
        label: part.label,
        paths: bars,
        points: { show: false },
        width: 0,
        fill: (plot: uPlot) => pattern(plot.ctx, part.verdict, cssColour(`--${part.verdict}-fill`)),
      })),
    ] as uPlot.Series[],
    hooks: {
      setCursor: [(plot) => onHover(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const begin = plot.posToVal(plot.select.left, "x");
          const end = plot.posToVal(plot.select.left + plot.select.width, "x");
          // Whole steps: half a bar means nothing.
          const whole = (seconds: number, round: (n: number) => number) =>
            new Date(((times[0] ?? 0) + round((seconds - (times[0] ?? 0)) / stepSeconds) * stepSeconds) * 1000).toISOString().replace(".000", "");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          choose.current(whole(begin, Math.floor), whole(end, Math.ceil));
        },
      ],
    },
  };
}
