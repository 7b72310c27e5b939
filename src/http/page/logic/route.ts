/** Content of the address bar after `#`: the view, and the filter of the list. Pure. */
import type { State } from "../../api.ts";

/** The states in the order of the list. */
export const STATES: readonly State[] = ["unhealthy", "unknown", "healthy"];

/** Filter of the list. */
export interface Filter {
  readonly state: State | undefined;
  /** A check type: `tcp`. */
  readonly type: string | undefined;
  /** Looked for in id, target and last message; empty means everything. */
  readonly q: string;
}

/** A view of the page. */
export type Route =
  | { readonly view: "list"; readonly filter: Filter }
  | { readonly view: "detail"; readonly id: string };

/** The whole list. */
export const NO_FILTER: Filter = { state: undefined, type: undefined, q: "" };

const DETAIL = /^\/healthcheck\/([^/?]+)$/;

/**
 * Reads a hash; what makes no sense is left out.
 *
 * @param hash - with or without its `#`
 * @param types - the check types of the server
 */
export function parseHash(hash: string, types: readonly string[]): Route {
  const text = hash.replace(/^#/, "");
  const id = DETAIL.exec(text)?.[1];
  if (id !== undefined) return { view: "detail", id: decode(id) };
  const mark = text.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1));
  return {
    view: "list",
    filter: {
      state: STATES.find((state) => state === query.get("state")),
      type: types.find((type) => type === query.get("type")),
      q: query.get("q") ?? "",
    },
  };
}

/** The hash of a list: `#/`, `#/?state=unhealthy&q=10.0` */
export function listHash(filter: Filter): string {
  const query = new URLSearchParams(filterParameters(filter)).toString();
  return query === "" ? "#/" : `#/?${query}`;
}

/** The hash of one healthcheck. */
export function detailHash(id: string): string {
  return `#/healthcheck/${encodeURIComponent(id)}`;
}

/** The address, relative to the page, of some rows of a list. */
export function listAddress(filter: Filter, offset: number, limit: number): string {
  const query = new URLSearchParams(filterParameters(filter));
  query.set("offset", String(offset));
  query.set("limit", String(limit));
  return `api/healthchecks?${query}`;
}

/** The address, relative to the page, of one healthcheck. */
export function detailAddress(id: string): string {
  return `api/healthchecks/${encodeURIComponent(id)}`;
}

/** Returns true when two filters are equal. */
export function sameFilter(one: Filter, other: Filter): boolean {
  return one.state === other.state && one.type === other.type && one.q === other.q;
}

function filterParameters({ state, type, q }: Filter): Record<string, string> {
  return {
    ...(state === undefined ? {} : { state }),
    ...(type === undefined ? {} : { type }),
    ...(q === "" ? {} : { q }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
