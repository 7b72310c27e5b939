/** What narrows the list: totals by state to be clicked, a search box, the types of checks. All of it is in the address. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { State, Totals } from "../api.ts";
import { formatCount, formatCounted } from "../logic/format.ts";
import { type Filter, listHash, NO_FILTER, STATES, TYPES } from "../logic/route.ts";
import { StateIcon, stateWord } from "./marks.tsx";
import type { Router } from "./router.ts";

/** Browsers allow an address to change only so often. */
const TYPING_MS = 160;

/** Totals by state; each leads to its list. */
export function StateChips({
  totals,
  filter,
}: {
  readonly totals: Totals | undefined;
  readonly filter: Filter;
}) {
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
    <nav aria-label="By state">
      <ul class="chips">
        {chip(undefined, totals?.healthchecks)}
        {STATES.map((state) => chip(state, totals?.[state]))}
      </ul>
    </nav>
  );
}

/** The search box; `/` leads to it from everywhere, Escape empties it. */
export function SearchBox({ filter, router }: { readonly filter: Filter; readonly router: Router }) {
  const [text, setText] = useState(filter.q);
  const input = useRef<HTMLInputElement>(null);
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const given = useRef(filter);
  given.current = filter;
  const type = (q: string) => {
    setText(q);
    clearTimeout(typing.current);
    typing.current = setTimeout(() => {
      typing.current = undefined;
      router.replace(listHash({ ...given.current, q }));
    }, TYPING_MS);
  };
  useEffect(() => () => clearTimeout(typing.current), []);
  // The address was changed by other means.
  useEffect(() => {
    if (typing.current === undefined) setText(filter.q);
  }, [filter.q]);
  useSlash(input);
  return (
    <search class="search">
      <label class="hidden" for="q">
        Search
      </label>
      <input
        ref={input}
        id="q"
        type="search"
        value={text}
        maxLength={200}
        placeholder="Search id, target or reason"
        autocomplete="off"
        spellcheck={false}
        aria-keyshortcuts="/"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") type("");
        }}
      />
      <span class="search-key" aria-hidden="true">
        /
      </span>
    </search>
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
      {TYPES.map((type) => option(type, type.toUpperCase()))}
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

function useSlash(input: { readonly current: HTMLInputElement | null }): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement && event.target.type !== "radio";
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [input]);
}
