/** `/metrics`: in the format and encoding that the client prefers, streamed as fast as the client reads. */
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

/** Size of what the compression passes on; with the default of 16 KiB, its turns between the threads cost more than compressing. */
const GZIP_CHUNK_BYTES = 64 * 1_024;

/** Renders all metrics in a format, in pieces. */
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
  // Before the head is sent: an error here can still be reported to the client.
  const first = await pieces.next();
  setHead(request, response, format, gzip);
  const body = Readable.from(continued(first, pieces), { highWaterMark: 1 });
  try {
    // The lowest level costs half the time and compresses nearly as well; a separate thread does it.
    if (gzip)
      await pipeline(
        body,
        createGzip({ level: constants.Z_BEST_SPEED, chunkSize: GZIP_CHUNK_BYTES }),
        response,
      );
    else await pipeline(body, response);
  } catch (error) {
    // The client has disconnected, so there is no client to report to.
    if (!isDisconnect(error)) throw error;
  }
}

/** A client may disconnect before its response is piped, and while it is. */
function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ERR_STREAM_UNABLE_TO_PIPE";
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
    // A client that stops early also ends the rendering.
    await rest.return?.();
  }
}
