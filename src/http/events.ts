/**
 * `/api/events`: the live feed of the status page, as server-sent events (WHATWG HTML, 9.2). Once a second every viewer receives the
 * totals and the state changes; all viewers receive the same bytes. Without viewers nothing is collected.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { formatTarget } from "../checks/registry.ts";
import { printable } from "../model/printable.ts";
import type { Conclusive } from "../model/result.ts";
import { formatResult } from "../model/result.ts";
import type { State } from "../model/status.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { isForced } from "../monitor/override.ts";
import type { NetworkFault, StateChange } from "./api.ts";
import { beginStream, sendError } from "./responses.ts";
import { type Counts, totalsOf } from "./totals.ts";

const TICK_MS = 1_000;
/** Maximum number of state changes in one tick; the page loads its rows again in any case. */
const MAX_CHANGES = 100;

/** Live feed of the status page at `/api/events`, as server-sent events. Once a second every viewer receives the totals and the changes. */
export class EventFeed {
  readonly #counts: () => Counts;
  readonly #network: () => NetworkFault | undefined;
  readonly #version: string;
  readonly #maxViewers: number;
  readonly #viewers = new Set<ServerResponse>();
  #changes: StateChange[] = [];
  #more = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;

  /** @param maxViewers - maximum number of simultaneous viewers */
  constructor(
    counts: () => Counts,
    network: () => NetworkFault | undefined,
    version: string,
    maxViewers: number,
  ) {
    this.#maxViewers = maxViewers;
    this.#network = network;
    this.#counts = counts;
    this.#version = version;
  }

  /** Serves one viewer until it leaves. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#viewers.size >= this.#maxViewers) {
      response.setHeader("retry-after", "10");
      sendError(response, 503, `${this.#maxViewers} viewers are connected, the maximum`);
      return;
    }
    beginStream(request, response);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    this.#viewers.add(response);
    response.once("close", () => this.#leave(response));
    response.write(this.#totals());
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS);
  }

  /** Records a state change. @param wallMs - its time, in milliseconds since 1970 */
  changed({ spec, health, override }: Monitor, from: State, result: Conclusive, wallMs: number): void {
    if (this.#viewers.size === 0 || isForced(override)) return;
    if (this.#changes.length >= MAX_CHANGES) {
      this.#more++;
      return;
    }
    this.#changes.push({
      id: spec.id,
      type: spec.check.type,
      target: formatTarget(spec.check),
      from,
      to: health.state,
      at: new Date(wallMs).toISOString(),
      reason: formatResult(result),
    });
  }

  /** Closes the connections of all viewers. */
  close(): void {
    for (const viewer of this.#viewers) viewer.end();
  }

  #leave(viewer: ServerResponse): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.#changes = [];
    this.#more = 0;
  }

  #tick(): void {
    let text = this.#totals();
    if (this.#changes.length > 0) {
      text += event("changes", { changes: this.#changes, more: this.#more });
      this.#changes = [];
      this.#more = 0;
    }
    // A viewer that does not read misses ticks; the connection limiter closes it if that continues.
    for (const viewer of this.#viewers) if (!viewer.writableNeedDrain) viewer.write(text);
  }

  #totals(): string {
    const network = this.#network();
    const totals = { ...totalsOf(this.#counts()), version: this.#version };
    return event("totals", network === undefined ? totals : { ...totals, network });
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${printable(JSON.stringify(data))}\n\n`;
}
