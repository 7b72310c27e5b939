/** What narrows the list: totals by state to be clicked, the types of checks; see also search.tsx. All of it is in the address. */
import type { State, Totals } from "../../api.ts";
import { CHECK_TYPES } from "../data/check-types.ts";
import { formatCount, formatCounted } from "../logic/format.ts";
import { type Filter, listHash, NO_FILTER, STATES } from "../logic/route.ts";
import { StateIcon, stateWord } from "./icons.tsx";
import type { Router } from "./router.ts";

/** Totals by state; each leads to its list. */
export function StateChips(props: {
  readonly totals: Totals | undefined;
  readonly filter: Filter;
  readonly isStale: boolean;
}) {
  const { totals, filter, isStale } = props;
  const chip = (state: State | undefined, count: number | undefined) => (
    <li key={state ?? "all"}>
      <a
        class={`chip chip-${state ?? "all"}${count === 0 ? " chip-empty" : ""}`}
        href={listHash({ ...filter, state })}
        aria-current={filter.state === state ? "true" : undefined}
      >
        <span class="chip-count">{count === undefined ? "…" : formatCount(count)}</span>{" "}
        <span class="chip-label">
          {state !== undefined && <StateIcon state={state} />}
          {state === undefined ? "All" : stateWord(state)}
        </span>
      </a>
    </li>
  );
  return (
    <nav aria-label="By state" class={isStale ? "stale" : undefined}>
      <ul class="chips">
        {chip(undefined, totals?.healthchecks)}
        {STATES.map((state) => chip(state, totals?.[state]))}
      </ul>
    </nav>
  );
}

/** One type of checks, or all. */
export function TypePicker({ filter, router }: { readonly filter: Filter; readonly router: Router }) {
  const option = (type: Filter["type"], label: string) => (
    <label key={label} class="type">
      <input
        type="radio"
        name="type"
        checked={filter.type === type}
        onChange={() => router.replace(listHash({ ...filter, type }))}
      />
      <span>{label}</span>
    </label>
  );
  return (
    <fieldset class="types">
      <legend class="hidden">Type</legend>
      {option(undefined, "All")}
      {CHECK_TYPES.map((type) => option(type, type.toUpperCase()))}
    </fieldset>
  );
}

/** How many rows there are, and the way out of a filter. */
export function MatchCount(props: {
  readonly matched: number | undefined;
  readonly total: number | undefined;
  readonly filter: Filter;
}) {
  const { matched, total, filter } = props;
  const isNarrowed = listHash(filter) !== listHash(NO_FILTER);
  return (
    <p class="matched">
      {matched !== undefined && <span>{matchedWords(matched, isNarrowed ? total : undefined)}</span>}
      {isNarrowed && <a href="#/">Show all</a>}
    </p>
  );
}

/** `37 of 10,000 healthchecks`. @param total - undefined when it says nothing more */
export function matchedWords(matched: number, total: number | undefined): string {
  return total === undefined
    ? formatCounted(matched, "healthcheck")
    : `${formatCount(matched)} of ${formatCounted(total, "healthcheck")}`;
}
