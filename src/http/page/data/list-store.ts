/**
 * Store of the known rows of the list: requests only those around the screen, one request at a time. Rows elsewhere are
 * kept for a while, so that scrolling back shows them immediately.
 */
import type { HealthcheckItem, HealthcheckList, Totals } from "../../api.ts";
import { type Filter, listAddress, NO_FILTER, sameFilter } from "../logic/route.ts";
import { covers, overlaps, type Span, widen } from "../logic/virtual-window.ts";
import type { Answer, FetchApi } from "./api-client.ts";
import type { Shown } from "./session.ts";
import { Signal } from "./signal.ts";

/** Data of the list view. */
export interface ListView {
  /** Filter that the rows match; the requested one may be another already. */
  readonly filter: Filter;
  /** Number of matching rows; undefined before the first response. */
  readonly matched: number | undefined;
  readonly rows: ReadonlyMap<number, HealthcheckItem>;
  readonly totals: Totals | undefined;
  /** Time of the last response, by this computer's clock. */
  readonly atMs: number | undefined;
  /** Reason why the last request failed. */
  readonly error: string | undefined;
}

interface Question {
  readonly filter: Filter;
  readonly span: Span;
}

interface Running extends Question {
  readonly abort: AbortController;
  readonly startedMs: number;
}

/** Asked for when nothing is known of the screen yet. */
const FIRST_SPAN: Span = { first: 0, end: 40 };
/** Maximum number of rows of one response. */
const MAX_ROWS = 1_000;
/** Rows requested beyond those wanted, on either side: few every second, more while the user scrolls. */
const MARGIN = 16;
const SCROLL_MARGIN = 48;
/** Rows kept on either side. */
const KEPT = 400;
/** Age up to which a request is not canceled by scrolling: responses must arrive while the user scrolls. */
const MIN_REQUEST_MS = 150;

/** Cache of the rows of the list. It requests only the rows around the visible ones, one request at a time. */
export class ListStore implements Shown {
  readonly view = new Signal<ListView>({
    filter: NO_FILTER,
    matched: undefined,
    rows: new Map(),
    totals: undefined,
    atMs: undefined,
    error: undefined,
  });
  readonly #fetchApi: FetchApi;
  #wanted: Question = { filter: NO_FILTER, span: FIRST_SPAN };
  #answered: Question | undefined;
  #running: Running | undefined;
  #outdated = true;

  constructor(fetchApi: FetchApi) {
    this.#fetchApi = fetchApi;
  }

  /**
   * Sets the filter and the rows on the screen. Requests rows that are not known; after a failure only {@link refresh}
   * requests again.
   */
  show(filter: Filter, span: Span): void {
    const changed = !sameFilter(filter, this.#wanted.filter);
    this.#wanted = { filter, span: span.end === span.first ? FIRST_SPAN : span };
    if (changed || this.view.value.error === undefined) this.#pump();
  }

  /** Requests the rows on the screen again; once more after a request that is already running. */
  refresh(): void {
    this.#outdated = true;
    this.#pump();
  }

  /** Calls off what is under way. */
  stop(): void {
    this.#running?.abort.abort();
    this.#running = undefined;
    this.#outdated = true;
  }

  #pump(): void {
    if (this.#isAnswered()) return;
    if (this.#running !== undefined) {
      if (!this.#isFutile(this.#running)) return;
      this.#running.abort.abort();
    }
    void this.#run();
  }

  #isAnswered(): boolean {
    const { filter, span } = this.#wanted;
    if (this.#outdated || this.#answered === undefined) return false;
    return sameFilter(this.#answered.filter, filter) && covers(this.#answered.span, span);
  }

  #isFutile({ filter, span, startedMs }: Running): boolean {
    if (!sameFilter(filter, this.#wanted.filter)) return true;
    return !overlaps(span, this.#wanted.span) && performance.now() - startedMs > MIN_REQUEST_MS;
  }

  async #run(): Promise<void> {
    const { filter, span } = this.#wanted;
    const margin = this.#outdated ? MARGIN : SCROLL_MARGIN;
    const { first, end } = widen(span, Number.POSITIVE_INFINITY, margin);
    const abort = new AbortController();
    const asked = { first, end: Math.min(end, first + MAX_ROWS) };
    const running: Running = { filter, span: asked, abort, startedMs: performance.now() };
    this.#running = running;
    this.#outdated = false;
    const address = listAddress(filter, asked.first, asked.end - asked.first);
    const answer = await this.#fetchApi<HealthcheckList>(address, abort.signal);
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#take(running, answer);
  }

  #take({ filter, span }: Question, answer: Answer<HealthcheckList>): void {
    const before = this.view.value;
    if (!answer.ok) {
      this.#outdated = true;
      this.view.set({ ...before, error: answer.error });
      return;
    }
    const { matched, totals, healthchecks } = answer.value;
    this.#answered = { filter, span };
    const old = sameFilter(before.filter, filter) ? before.rows : new Map<number, HealthcheckItem>();
    const rows = mergeRows(old, healthchecks, span, matched);
    this.view.set({ filter, matched, rows, totals, atMs: answer.atMs, error: undefined });
    this.#pump();
  }
}

/** Puts new rows among the old ones; what is far away is forgotten, and so is what the new rows show at another place. */
function mergeRows(
  old: ReadonlyMap<number, HealthcheckItem>,
  items: readonly HealthcheckItem[],
  { first, end }: Span,
  matched: number,
): Map<number, HealthcheckItem> {
  const ids = new Set(items.map(({ id }) => id));
  const rows = new Map<number, HealthcheckItem>();
  for (const [index, item] of old) {
    const isNear = index >= first - KEPT && index < Math.min(end + KEPT, matched);
    if (isNear && (index < first || index >= end) && !ids.has(item.id)) rows.set(index, item);
  }
  items.forEach((item, place) => {
    rows.set(first + place, item);
  });
  return rows;
}
