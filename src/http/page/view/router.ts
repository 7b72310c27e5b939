/** The address bar: which view it names, and the way back to the list as it was left. */

import { CHECK_TYPES } from "../data/check-types.ts";
import { Signal } from "../data/signal.ts";
import { listHash, NO_FILTER, parseHash, type Route } from "../logic/route.ts";

/** State kept with an entry of the browser's history. */
interface EntryState {
  /** The entry before this one is the list. */
  readonly fromList: boolean;
}

/** Maps the address bar to a view, and restores the scroll position of the list. */
export class Router {
  readonly route = new Signal<Route>(parseHash(location.hash, CHECK_TYPES));
  /** Scroll position of the list when the user last left it. */
  scroll = { hash: "", top: 0 };
  /** The row whose details were looked at last. */
  visited: string | undefined;
  #listHash = listHash(NO_FILTER);

  constructor() {
    // The browser cannot restore the scroll position: only this page knows when its rows exist.
    history.scrollRestoration = "manual";
    addEventListener("hashchange", () => this.#arrive());
    this.#keep({ fromList: false });
    this.#remember();
  }

  /** The list as it was last shown. */
  get listHash(): string {
    return this.#listHash;
  }

  /** Changes the address without a new entry in the history; for what is being typed. */
  replace(hash: string): void {
    history.replaceState(history.state, "", hash);
    this.#show();
  }

  /** To the list as it was left. */
  back(): void {
    if (keptWith(history.state)?.fromList === true) history.back();
    else location.hash = this.#listHash;
  }

  #arrive(): void {
    const fromList = this.route.value.view === "list";
    // An entry that has been seen before was come back to.
    if (keptWith(history.state) === undefined) this.#keep({ fromList });
    this.#show();
  }

  #show(): void {
    this.route.set(parseHash(location.hash, CHECK_TYPES));
    this.#remember();
  }

  #keep(kept: EntryState): void {
    if (keptWith(history.state) === undefined) history.replaceState(kept, "");
  }

  #remember(): void {
    const route = this.route.value;
    if (route.view === "list") this.#listHash = listHash(route.filter);
    else this.visited = route.id;
  }
}

/** Other pages under the same address may have kept other things. */
function keptWith(state: unknown): EntryState | undefined {
  if (typeof state !== "object" || state === null || !("fromList" in state)) return undefined;
  return { fromList: state.fromList === true };
}
