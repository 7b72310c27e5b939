/** The whole page: what every view has around it, and the view that the address names. */
import { useEffect, useErrorBoundary, useMemo } from "preact/hooks";
import type { Totals } from "../../api.ts";
import type { Ask } from "../data/api-client.ts";
import { type Connection, connectionOf } from "../data/connection.ts";
import { DetailStore } from "../data/detail-store.ts";
import type { ListStore, ListView } from "../data/list-store.ts";
import type { Session } from "../data/session.ts";
import type { ServerClock } from "../logic/clock.ts";
import { Detail } from "./detail.tsx";
import { useTab } from "./document-title.ts";
import { Banner, Header } from "./header.tsx";
import { useCell } from "./hooks.ts";
import { List } from "./list.tsx";
import type { Router } from "./router.ts";

/** What the page is made of; all of it lives as long as the page. */
export interface AppProps {
  readonly ask: Ask;
  readonly clock: ServerClock;
  readonly list: ListStore;
  readonly router: Router;
  readonly session: Session;
}

/** The whole page: the parts that every view shares, and the view that the address names. */
export function App(props: AppProps) {
  const [fault] = useErrorBoundary();
  if (fault !== undefined) return <Fault fault={fault} />;
  return <Page {...props} />;
}

function Page({ ask, clock, list, router, session }: AppProps) {
  const route = useCell(router.route);
  const id = route.view === "detail" ? route.id : undefined;
  const detail = useMemo(() => (id === undefined ? undefined : new DetailStore(id, ask)), [id, ask]);
  const shown = useCell<{ atMs: number | undefined; error: string | undefined }>((detail ?? list).view);
  const downSinceMs = useCell(session.downSinceMs);
  const connection = connectionOf(useCell(session.feed.state), downSinceMs, shown);
  const totals = newestTotals(useCell(session.totals), session.heardAtMs, useCell(list.view));
  useTab(totals, connection, detail?.view.value.detail?.target);
  useEffect(() => (id === undefined ? () => list.stop() : undefined), [id, list]);
  const common = { session, router, clock, connection, totals };
  return (
    <>
      <Header version={useCell(session.version)} connection={connection} />
      <Banner connection={connection} />
      {route.view === "list" && <List {...common} store={list} filter={route.filter} />}
      {detail !== undefined && <Detail key={id} {...common} store={detail} id={id ?? ""} />}
      <Announcer session={session} connection={connection} />
    </>
  );
}

/** Of the feed, or of the list while there is no feed. */
function newestTotals(
  heard: Totals | undefined,
  heardAtMs: number,
  { totals, atMs }: ListView,
): Totals | undefined {
  return totals !== undefined && (atMs ?? 0) > heardAtMs ? totals : heard;
}

/** What a screen reader says when it has nothing else to say. */
function Announcer({ session, connection }: { readonly session: Session; readonly connection: Connection }) {
  const text = useCell(session.announcement);
  return (
    <p class="hidden" role="status">
      {connection.notice === undefined ? text : ""}
    </p>
  );
}

function Fault({ fault }: { readonly fault: unknown }) {
  return (
    <main class="detail">
      <h1>Page error</h1>
      <p class="empty">
        {fault instanceof Error ? fault.message : String(fault)}. <a href="./">Reload the page</a>; the same
        is at <a href="api/healthchecks">api/healthchecks</a>, as JSON.
      </p>
    </main>
  );
}
