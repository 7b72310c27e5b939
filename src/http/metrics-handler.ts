/** `/metrics`: in the format and encoding that the client likes best, streamed piece by piece as fast as it reads. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import type { Format } from "../metrics/exposition.ts";
import { preference } from "./request.ts";
import { beginStream } from "./responses.ts";

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
  response.setHeader("vary", "Accept, Accept-Encoding");
  if (request.method === "HEAD") {
    setHead(request, response, format, gzip);
    response.end();
    return;
  }
  const pieces = render(format)[Symbol.asyncIterator]();
  // Before the head is sent: what fails here is an error that can still be told.
  const first = await pieces.next();
  setHead(request, response, format, gzip);
  const body = Readable.from(continued(first, pieces), { highWaterMark: 1 });
  try {
    // The first level halves the work and does nearly as well; it is done on a thread of its own.
    if (gzip) await pipeline(body, createGzip({ level: constants.Z_BEST_SPEED }), response);
    else await pipeline(body, response);
  } catch (error) {
    // The client went away: nobody is left to be told.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE"))
      throw error;
  }
}

function setHead(request: IncomingMessage, response: ServerResponse, format: Format, gzip: boolean): void {
  beginStream(request, response);
  response.setHeader("content-type", TYPES[format]);
  if (gzip) response.setHeader("content-encoding", "gzip");
}

async function* continued(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // Whoever stops early ends the rendering, too.
    await rest.return?.();
  }
}
