/**
 * Controls that filter the list: totals by state, and the types of checks; see also search.tsx. The address holds all
 * of it.
 */
import type { State, Totals } from "../../api.ts";
import { CHECK_TYPES } from "../data/check-types.ts";
import { formatCount, formatCounted } from "../logic/format.ts";
import { type Filter, listHash, NO_FILTER, STATES } from "../logic/route.ts";
import { stateLabel } from "../logic/state-words.ts";
import { StateIcon } from "./icons.tsx";
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
          {state === undefined ? "All" : stateLabel(state)}
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

/** Picker of one type of checks, or all. */
export function TypePicker({ filter, router }: { readonly filter: Filter; readonly router: Router }) {
  const option = (type: Filter["type"], label: string) => (
    <label key={label} class="type-option">
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
    <fieldset class="type-picker">
      <legend class="hidden">Type</legend>
      {option(undefined, "All")}
      {CHECK_TYPES.map((type) => option(type, type.toUpperCase()))}
    </fieldset>
  );
}

/** Number of matching rows, and the link that removes the filter. */
export function MatchCount(props: {
  readonly matched: number | undefined;
  readonly total: number | undefined;
  readonly filter: Filter;
}) {
  const { matched, total, filter } = props;
  const isNarrowed = listHash(filter) !== listHash(NO_FILTER);
  return (
    <p class="match-count">
      {matched !== undefined && <span>{matchCountText(matched, isNarrowed ? total : undefined)}</span>}
      {isNarrowed && <a href="#/">Show all</a>}
    </p>
  );
}

/** Formats `37 of 10,000 healthchecks`. @param total - undefined when it is not known */
export function matchCountText(matched: number, total: number | undefined): string {
  return total === undefined
    ? formatCounted(matched, "healthcheck")
    : `${formatCount(matched)} of ${formatCounted(total, "healthcheck")}`;
}
