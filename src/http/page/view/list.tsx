/** The view of all healthchecks. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Totals } from "../../api.ts";
import { type Connection, isStale } from "../data/connection.ts";
import type { ListStore, ListView } from "../data/list-store.ts";
import type { Session } from "../data/session.ts";
import type { ServerClock } from "../logic/clock.ts";
import { type Filter, listHash, NO_FILTER, sameFilter } from "../logic/route.ts";
import { MatchCount, matchCountText, StateChips, TypePicker } from "./controls.tsx";
import { useNow, useSignal, useSize } from "./hooks.ts";
import { useArrows } from "./keyboard-nav.ts";
import type { Router } from "./router.ts";
import { useAnchor, useScrolling } from "./scrolling.ts";
import { SearchBox } from "./search.tsx";
import { Table } from "./table.tsx";

/** Properties of the list. */
export interface ListProps {
  readonly filter: Filter;
  readonly store: ListStore;
  readonly session: Session;
  readonly router: Router;
  readonly clock: ServerClock;
  readonly connection: Connection;
  readonly totals: Totals | undefined;
}

/** Before the style sheet has been measured. */
const USUAL_ROW_HEIGHT = 38;

/** View of all healthchecks. */
export function List({ filter, store, session, router, clock, connection, totals }: ListProps) {
  const view = useSignal(store.view);
  const nowMs = clock.at(useNow());
  const body = useRef<HTMLTableSectionElement>(null);
  const ruler = useRef<HTMLDivElement>(null);
  const rowHeight = useSize(ruler).height || USUAL_ROW_HEIGHT;
  const scrolling = useScrolling(body, view.matched ?? 0, rowHeight);
  const { geometry, span } = scrolling;
  useAnchor(view.rows, scrolling, scrolling.scrolledAtMs);
  useEffect(() => session.show(store), [session, store]);
  useEffect(() => store.show(filter, span), [store, filter, span.first, span.end]);
  useScrollRestore(filter, router);
  useCountAnnouncement(view, filter, session);
  const stale = isStale(connection);
  const onKeyDown = useArrows(body, view, scrolling, router);
  return (
    <main class="list" onKeyDown={onKeyDown}>
      <h1 class="hidden">Healthchecks</h1>
      <div class="controls">
        <StateChips totals={totals} filter={filter} isStale={stale} />
        <div class="tools">
          <SearchBox filter={filter} router={router} />
          <TypePicker filter={filter} router={router} />
          <MatchCount matched={view.matched} total={totals?.healthchecks} filter={filter} />
        </div>
      </div>
      <div ref={ruler} class="ruler" />
      <Table
        view={view}
        geometry={geometry}
        span={span}
        body={body}
        nowMs={nowMs}
        isBusy={!sameFilter(view.filter, filter)}
        isStale={stale}
      />
      <EmptyState view={view} filter={filter} />
    </main>
  );
}

/** Explanation of an empty list. */
function EmptyState({
  view: { matched, error },
  filter,
}: {
  readonly view: ListView;
  readonly filter: Filter;
}) {
  if (matched !== undefined && matched > 0) return null;
  if (matched === undefined) return error === undefined ? <p class="empty">Loading…</p> : null;
  if (sameFilter(filter, NO_FILTER)) {
    return <p class="empty">No healthchecks configured yet.</p>;
  }
  return (
    <p class="empty">
      No healthcheck matches. <a href="#/">Show all</a>
    </p>
  );
}

/** Starts at the top for a new filter; restores the scroll position when the user returns to the list. */
function useScrollRestore(filter: Filter, router: Router): void {
  const hash = listHash(filter);
  const shown = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const isBack = shown.current === undefined && router.scroll.hash === hash;
    shown.current = hash;
    scrollTo({ top: isBack ? router.scroll.top : 0, behavior: "instant" });
  }, [hash, router]);
  // Not after the next picture: what is scrolled before it would be kept for the filter before.
  useLayoutEffect(() => {
    const listen = () => {
      // The view that replaces the list is scrolled to its top, perhaps before this ends.
      if (router.route.value.view === "list") router.scroll = { hash, top: scrollY };
    };
    addEventListener("scroll", listen, { passive: true });
    return () => removeEventListener("scroll", listen);
  }, [hash, router]);
}

/** Announces the number of matching rows to screen readers. */
function useCountAnnouncement(
  { filter: answered, matched }: ListView,
  filter: Filter,
  session: Session,
): void {
  const announced = useRef(answered);
  useEffect(() => {
    if (matched === undefined || sameFilter(answered, announced.current) || !sameFilter(answered, filter))
      return;
    announced.current = answered;
    const isNarrowed = !sameFilter(filter, NO_FILTER);
    session.announcement.set(
      matchCountText(matched, isNarrowed ? session.totals.value?.healthchecks : undefined),
    );
  }, [answered, matched, filter, session]);
}
