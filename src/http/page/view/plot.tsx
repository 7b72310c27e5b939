/** Response times over time, with stacked phases, drawn by uPlot. The table below it has the same data as text. */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { HistoryItem } from "../../api.ts";
import { formatClockMs, formatMs, formatPhases } from "../logic/format.ts";
import { isInSight, type PlotData, plotData } from "../logic/plot-data.ts";
import { useMedia, useSize } from "./hooks.ts";
import { Code } from "./icons.tsx";
import { plotOptions, plotRows } from "./plot-options.ts";

/** Properties of the plot. */
export interface PlotProps {
  /** Newest first. */
  readonly history: readonly HistoryItem[];
  /** Between two checks, seconds. */
  readonly intervalS: number;
  readonly timeoutMs: number;
}

const HEIGHT = 230;

/** Plot of response times with stacked phases, drawn by uPlot. The text below it has the same facts. */
export function Plot({ history, intervalS, timeoutMs }: PlotProps) {
  const data = plotData(history);
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setPointed] = useState<number | undefined>(undefined);
  const { width } = useSize(place);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const shown = useRef({ data, intervalS, timeoutMs });
  shown.current = { data, intervalS, timeoutMs };
  // Other phases need other layers, and uPlot keeps its colors: only then the plot is created again.
  const layers = data.layers.map(({ kind }) => kind).join(" ");
  useEffect(() => {
    if (place.current === null || width === 0) return;
    const options = plotOptions(() => shown.current, setPointed, {
      width: Math.floor(width),
      height: HEIGHT,
    });
    const made = new uPlot(options, plotRows(shown.current.data), place.current);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [layers, isDark, width === 0]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width: Math.floor(width), height: HEIGHT });
  }, [width]);
  useEffect(() => plot.current?.setData(plotRows(plotData(history))), [history]);
  const item = pointed === undefined ? undefined : history[history.length - 1 - pointed];
  return (
    <figure class="plot">
      <div ref={place} class="plot-slot" aria-hidden="true" />
      {item === undefined ? <Legend data={data} timeoutMs={timeoutMs} /> : <Pointed item={item} />}
      <figcaption class="hidden">{describePlot(data)}</figcaption>
    </figure>
  );
}

function Legend({ data, timeoutMs }: { readonly data: PlotData; readonly timeoutMs: number }) {
  return (
    <ul class="legend" aria-hidden="true">
      {data.layers.map(({ kind, label }) => (
        <li key={kind}>
          <span class={`swatch swatch-${kind}`} /> {label}
        </li>
      ))}
      {data.failed.includes(true) && (
        <li>
          <span class="legend-cross">×</span> failure
        </li>
      )}
      {data.durations.includes(null) && (
        <li>
          <span class="legend-ring">○</span> inconclusive
        </li>
      )}
      {isInSight(timeoutMs, data) && (
        <li>
          <span class="legend-dashes" /> timeout {formatMs(timeoutMs)}
        </li>
      )}
    </ul>
  );
}

/** The result under the pointer, in place of the legend. */
function Pointed({ item }: { readonly item: HistoryItem }) {
  return (
    <p class="legend" aria-hidden="true">
      <b>{formatClockMs(Date.parse(item.at))}</b> <Code result={item.result} code={item.code} />{" "}
      <b>{formatMs(item.duration_ms)}</b> {formatPhases(item.phases)}
    </p>
  );
}

function describePlot({ durations, failed }: PlotData): string {
  const known = durations.filter((ms) => ms !== null);
  if (known.length === 0) return "No response time yet.";
  const failures = failed.filter(Boolean).length;
  const range = `${formatMs(Math.min(...known))} to ${formatMs(Math.max(...known))}`;
  return `${known.length} results took ${range}; ${failures} of them failed.`;
}
