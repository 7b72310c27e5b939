/** Every path of the HTTP listener with its handler. */

import { ID_RULE, parseId } from "../model/id.ts";
import { formatProblem, problem } from "../schema/problem.ts";
import { forEachSliced } from "../system/time-slicing.ts";
import type { HealthcheckItem, NetworkFault } from "./api.ts";
import type { EventFeed } from "./events.ts";
import { nameProblems, readListQuery } from "./list-query.ts";
import { type Render, serveMetrics } from "./metrics-handler.ts";
import { MonitorIndex, type MonitorSource } from "./monitor-index.ts";
import { isPageFile, servePageFile } from "./page-files.ts";
import { BadRequestError, type Target } from "./request.ts";
import { replyJson, replyText, sendError } from "./responses.ts";
import type { Handler, Router } from "./server.ts";
import { type Counts, totalsOf } from "./totals.ts";
import { detail, listItem } from "./views.ts";

/** Sources of the responses. */
export interface Shown {
  readonly source: MonitorSource;
  readonly feed: EventFeed;
  readonly render: Render;
  counts(): Counts;
  /** Returns the fault of this host's network; undefined while it works. */
  network(): NetworkFault | undefined;
  /** Returns the reason to restart the process; undefined when it is healthy. */
  livenessProblem(): string | undefined;
  /** Returns the reason why no client can be served; undefined when one can. */
  readinessProblem(): string | undefined;
}

const ONE = /^\/api\/healthchecks\/([^/]*)$/;

/** Makes the router. */
export function makeRouter(shown: Shown): Router {
  const index = new MonitorIndex(shown.source);
  const fixed: Readonly<Record<string, Handler>> = {
    "/metrics": (_target, request, response) => serveMetrics(shown.render, request, response),
    "/healthz": (_target, _request, response) => replyHealth(response, shown.livenessProblem()),
    "/readyz": (_target, _request, response) => replyHealth(response, shown.readinessProblem()),
    "/api/healthchecks": async ({ query }, _request, response) =>
      replyJson(response, 200, await list(shown, index, query)),
    "/api/events": (_target, request, response) => shown.feed.serve(request, response),
  };
  return (path) => {
    if (Object.hasOwn(fixed, path)) return fixed[path];
    if (isPageFile(path)) return (_target, request, response) => servePageFile(path, request, response);
    return ONE.test(path) ? one(shown) : undefined;
  };
}

function replyHealth(response: Parameters<typeof replyText>[0], problem: string | undefined): void {
  replyText(response, problem === undefined ? 200 : 503, problem ?? "ok");
}

async function list(shown: Shown, index: MonitorIndex, parameters: URLSearchParams) {
  const query = readListQuery(parameters);
  const { matched, monitors } = await index.find(query);
  const healthchecks: HealthcheckItem[] = [];
  await forEachSliced(monitors, (monitor) => healthchecks.push(listItem(monitor)));
  const network = shown.network();
  return {
    totals: totalsOf(shown.counts()),
    ...(network === undefined ? {} : { network }),
    matched,
    offset: query.offset,
    limit: query.limit,
    healthchecks,
  };
}

function one({ source }: Shown): Handler {
  return ({ path, query }: Target, _request, response) => {
    const given = ONE.exec(path)?.[1] ?? "";
    const id = parseId(given);
    if (id === undefined) throw new BadRequestError(`id: ${problem(given, ID_RULE)}`);
    const [unknown] = nameProblems(query, []);
    if (unknown !== undefined) throw new BadRequestError(formatProblem(unknown));
    const monitor = source.monitors.get(id);
    if (monitor === undefined) sendError(response, 404, `no healthcheck with id ${id}`);
    else replyJson(response, 200, detail(monitor));
  };
}
