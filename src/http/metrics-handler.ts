/** `/metrics`: in the format and encoding that the client likes best, streamed piece by piece as fast as it reads. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import type { Format } from "../metrics/exposition.ts";
import { preference } from "./request.ts";

const TYPES: Readonly<Record<Format, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Renders everything in a format, in pieces. */
export type Render = (format: Format) => AsyncIterable<Uint8Array>;

/** Answers one scrape. */
export async function serveMetrics(
  render: Render,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { accept, "accept-encoding": encoding } = request.headers;
  const openMetrics = preference(accept, "application/openmetrics-text");
  const format =
    openMetrics > 0 && openMetrics >= preference(accept, "text/plain") ? "openmetrics" : "prometheus";
  const gzip = preference(String(encoding ?? ""), "gzip") > 0;
  response.setHeader("Content-Type", TYPES[format]);
  response.setHeader("Vary", "Accept, Accept-Encoding");
  if (gzip) response.setHeader("Content-Encoding", "gzip");
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const pieces = Readable.from(render(format), { highWaterMark: 1 });
  // The first level halves the work and does nearly as well; it is done on a thread of its own.
  try {
    if (gzip) await pipeline(pieces, createGzip({ level: constants.Z_BEST_SPEED }), response);
    else await pipeline(pieces, response);
  } catch (error) {
    // The client went away: nobody is left to be told.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE"))
      throw error;
  }
}
