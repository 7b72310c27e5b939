/** The whole page: what every view has around it, and the view that the address names. */
import { useEffect, useErrorBoundary, useMemo } from "preact/hooks";
import type { Totals } from "../../api.ts";
import type { FetchApi } from "../data/api-client.ts";
import { type Connection, connectionStatus } from "../data/connection.ts";
import { DetailStore } from "../data/detail-store.ts";
import type { ListStore, ListView } from "../data/list-store.ts";
import type { Session } from "../data/session.ts";
import type { ServerClock } from "../logic/clock.ts";
import { Detail } from "./detail.tsx";
import { useTab } from "./document-title.ts";
import { Banner, Header } from "./header.tsx";
import { useSignal } from "./hooks.ts";
import { List } from "./list.tsx";
import type { Router } from "./router.ts";

/** Parts of the page; all of them live as long as the page. */
export interface AppProps {
  readonly fetchApi: FetchApi;
  readonly clock: ServerClock;
  readonly list: ListStore;
  readonly router: Router;
  readonly session: Session;
}

/** The whole page: the parts that every view shares, and the view that the address names. */
export function App(props: AppProps) {
  const [error] = useErrorBoundary();
  if (error !== undefined) return <ErrorPage error={error} />;
  return <Page {...props} />;
}

function Page({ fetchApi, clock, list, router, session }: AppProps) {
  const route = useSignal(router.route);
  const id = route.view === "detail" ? route.id : undefined;
  const detail = useMemo(
    () => (id === undefined ? undefined : new DetailStore(id, fetchApi)),
    [id, fetchApi],
  );
  const shown = useSignal<{ atMs: number | undefined; error: string | undefined }>((detail ?? list).view);
  const downSinceMs = useSignal(session.downSinceMs);
  const connection = connectionStatus(useSignal(session.feed.state), downSinceMs, shown);
  const totals = newestTotals(useSignal(session.totals), session.lastEventAtMs, useSignal(list.view));
  useTab(totals, connection, detail?.view.value.detail?.target);
  useEffect(() => (id === undefined ? () => list.stop() : undefined), [id, list]);
  const common = { session, router, clock, connection, totals };
  return (
    <>
      <Header version={useSignal(session.version)} connection={connection} />
      <Banner connection={connection} network={useSignal(session.network)} />
      {route.view === "list" && <List {...common} store={list} filter={route.filter} />}
      {detail !== undefined && <Detail key={id} {...common} store={detail} id={id ?? ""} />}
      <LiveRegion session={session} connection={connection} />
    </>
  );
}

/** Returns the totals of the feed, or of the list while the feed is down. */
function newestTotals(
  streamed: Totals | undefined,
  lastEventAtMs: number,
  { totals, atMs }: ListView,
): Totals | undefined {
  return totals !== undefined && (atMs ?? 0) > lastEventAtMs ? totals : streamed;
}

/** Text for screen readers outside of the visible content. */
function LiveRegion({ session, connection }: { readonly session: Session; readonly connection: Connection }) {
  const text = useSignal(session.announcement);
  return (
    <p class="hidden" role="status">
      {connection.notice === undefined ? text : ""}
    </p>
  );
}

function ErrorPage({ error }: { readonly error: unknown }) {
  return (
    <main class="detail">
      <h1>Page error</h1>
      <p class="empty">
        {error instanceof Error ? error.message : String(error)}. <a href="./">Reload the page</a>; the same
        is at <a href="api/healthchecks">api/healthchecks</a>, as JSON.
      </p>
    </main>
  );
}
