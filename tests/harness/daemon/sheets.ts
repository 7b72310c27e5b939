/** Metrics as text. Called by tests/metrics. */

import { ByteBuffer } from "../../../src/metrics/byte-buffer.ts";
import type { MetricsSettings } from "../../../src/metrics/metrics.ts";
import type { ServerMetricsSettings, ServerReading } from "../../../src/metrics/server-families.ts";
import { BOUNDS } from "../fakes/monitor-stock.ts";

/** Settings that do not change while a server runs. */
export const FACTS: ServerMetricsSettings = {
  version: "1.2.3",
  revision: "abc",
  bun: "9.9",
  errorTypes: ["parse", "config"],
  peer: "proxy",
  batchSizeBounds: [1, 10],
  batchDelayBounds: [0.1, 1],
};

/** Settings of the metrics. */
export const SETTINGS: MetricsSettings = { ...FACTS, responseTimeBounds: BOUNDS, maxFds: 1_024 };

/** A server at rest. */
export const AT_REST: ServerReading = {
  states: { unknown: 0, healthy: 0, unhealthy: 0 },
  inFlight: 0,
  connected: false,
  depths: { notification: 0, config_update: 0, proxy_message: 0 },
  isBlind: false,
  provisional: 0,
  stalledMs: 0,
  events: [],
};

/** Returns the text written to a buffer. */
export async function written(write: (sheet: ByteBuffer) => void | Promise<void>): Promise<string> {
  const sheet = new ByteBuffer();
  await write(sheet);
  return new TextDecoder().decode(sheet.take());
}

/** Joins pieces. */
export async function gathered(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true });
  return text;
}

/** The lines that begin like this: a family's samples, or `# TYPE name`. */
export function linesOf(text: string, start: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(start));
}
