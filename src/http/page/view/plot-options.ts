/** Options of uPlot for the history of a healthcheck. */
import uPlot from "uplot";
import { formatClock } from "../logic/format.ts";
import { heightRange, isInSight, type Layer, type PlotData, timeRange } from "../logic/plot-data.ts";

/** Data of the plot. */
export interface PlotState {
  readonly data: PlotData;
  /** Between two checks, seconds. */
  readonly intervalS: number;
  readonly timeoutMs: number;
}

const MARK = 4;
const BARS = uPlot.paths.bars?.({ size: [0.72, 22, 3] });

/**
 * Creates the options of a plot.
 *
 * @param plotState - called at every drawing
 * @param pointAt - receives the index of the result under the pointer
 */
export function plotOptions(
  plotState: () => PlotState,
  pointAt: (index: number | undefined) => void,
  size: { readonly width: number; readonly height: number },
): uPlot.Options {
  return {
    ...size,
    padding: [12, 8, 0, 0],
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    legend: { show: false },
    scales: {
      x: { time: true, range: () => timeRange(plotState().data.times, plotState().intervalS) },
      y: { range: () => heightRange(plotState().data.durations) },
    },
    axes: [timeAxis(), heightAxis()],
    series: [
      {},
      // The highest layer is drawn first, the lower ones over it.
      ...[...plotState().data.layers].reverse().map(series),
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, plotState())],
      setCursor: [(plot) => pointAt(plot.cursor.idx ?? undefined)],
    },
  };
}

/** The columns in the order of the series. */
export function plotRows({ times, layers }: PlotData): uPlot.AlignedData {
  return [[...times], ...[...layers].reverse().map(({ top }) => [...top])];
}

function series({ kind }: Layer): uPlot.Series {
  return {
    ...(BARS === undefined ? {} : { paths: BARS }),
    fill: () => color(`--plot-${kind.replace(/_ms$/, "").replace("_", "-")}`),
    width: 0,
    points: { show: false },
  };
}

function timeAxis(): uPlot.Axis {
  return {
    ...axis(),
    space: 84,
    size: 22,
    values: (_plot, splits) => splits.map((seconds) => formatClock(seconds * 1_000)),
    label: "time of the check",
    labelSize: 16,
  };
}

function heightAxis(): uPlot.Axis {
  return {
    ...axis(),
    size: 58,
    space: 36,
    values: (_plot, splits) => splits.map((ms) => ms.toLocaleString("en")),
    label: "milliseconds",
    labelSize: 18,
  };
}

function axis(): uPlot.Axis {
  return {
    stroke: () => color("--muted"),
    font: "11px system-ui, sans-serif",
    labelFont: "11px system-ui, sans-serif",
    labelGap: 2,
    grid: { stroke: () => color("--line"), width: 1 },
    ticks: { stroke: () => color("--line"), width: 1, size: 4 },
  };
}

/** Draws crosses on failures, rings on inconclusive results, and the timeout where it is in sight. */
function drawMarks(plot: uPlot, { data, timeoutMs }: PlotState): void {
  const { ctx } = plot;
  const px = uPlot.pxRatio;
  const y = (ms: number) => plot.valToPos(ms, "y", true);
  ctx.save();
  ctx.lineWidth = 2 * px;
  data.times.forEach((seconds, index) => {
    const x = plot.valToPos(seconds, "x", true);
    const ms = data.durations[index] ?? null;
    if (ms === null) ring(ctx, x, y(0) - 2 * MARK * px, px);
    else if (data.failed[index] === true) cross(ctx, x, y(ms) - 2 * MARK * px, px);
  });
  if (isInSight(timeoutMs, data)) limit(plot, y(timeoutMs), px);
  ctx.restore();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, px: number): void {
  const arm = MARK * px;
  ctx.strokeStyle = color("--unhealthy");
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x + arm, y - arm);
  ctx.lineTo(x - arm, y + arm);
  ctx.stroke();
}

function ring(ctx: CanvasRenderingContext2D, x: number, y: number, px: number): void {
  ctx.strokeStyle = color("--unknown");
  ctx.beginPath();
  ctx.arc(x, y, MARK * px, 0, 2 * Math.PI);
  ctx.stroke();
}

function limit({ ctx, bbox }: uPlot, y: number, px: number): void {
  ctx.strokeStyle = color("--muted");
  ctx.lineWidth = px;
  ctx.setLineDash([4 * px, 4 * px]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
}

/** Returns a color of the style sheet, light or dark. */
function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
