/** The search box; `/` leads to it, Escape empties it. The address holds the search text. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Filter, listHash } from "../logic/route.ts";
import type { Router } from "./router.ts";

/** Least interval of changes to the address, which browsers limit. */
const TYPING_MS = 160;
/** The server takes no more. */
const LONGEST = 200;

/** Search box. `/` focuses it, Escape clears it; the search text is part of the address. */
export function SearchBox({ filter, router }: { readonly filter: Filter; readonly router: Router }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, type] = useTyping(filter, router);
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
        maxLength={LONGEST}
        placeholder="Search id, name, target or reason"
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

/** Shows typed text in the box immediately, and puts it into the address when the typing pauses. */
function useTyping(filter: Filter, router: Router): readonly [text: string, type: (q: string) => void] {
  const [text, setText] = useState(filter.q);
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
  return [text, type];
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
