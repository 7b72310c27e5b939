/** The keyboard in the list: arrows go from row to row, also to rows that are not there yet. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ListView } from "../data/list-store.ts";
import type { Router } from "./router.ts";
import type { Scrolling } from "./scrolling.ts";

/** Row that a key moves the focus to. */
type Goal = { readonly index: number } | { readonly id: string };

/** @returns listens to keys */
export function useArrows(
  body: RefObject<HTMLElement | null>,
  { matched = 0, rows }: ListView,
  { geometry, reveal }: Scrolling,
  router: Router,
): (event: KeyboardEvent) => void {
  /** Last focused row. */
  const at = useRef<number | undefined>(undefined);
  /** Row that gets the focus as soon as it exists. */
  const goal = useRef<Goal | undefined>(undefined);
  useFocusRestore(goal, router);
  useLayoutEffect(() => {
    if (goal.current === undefined) return;
    const link = linkTo(body.current, goal.current);
    if (link === null) return;
    goal.current = undefined;
    link.focus({ preventScroll: true });
  });
  return (event) => {
    const { target } = event;
    const focused = target instanceof HTMLElement ? target.dataset["index"] : undefined;
    if (focused !== undefined) at.current = Number(focused);
    const isInTable = target instanceof HTMLElement && target.closest("table") !== null;
    const isSearching = target instanceof HTMLInputElement && target.type === "search";
    if (event.ctrlKey || event.metaKey || event.altKey || !(isInTable || isSearching)) return;
    const page = Math.max(1, Math.floor(geometry.viewport / geometry.rowHeight) - 6);
    const index = isSearching ? firstOf(event.key) : next(event.key, at.current ?? -1, page, matched);
    if (index === undefined || matched === 0) return;
    event.preventDefault();
    at.current = Math.min(Math.max(index, 0), matched - 1);
    goal.current = { index: at.current };
    reveal(at.current);
    if (rows.has(at.current)) linkTo(body.current, goal.current)?.focus({ preventScroll: true });
  };
}

/** Moves the focus back to a healthcheck's row when the user returns from its view and does nothing else first. */
function useFocusRestore(goal: { current: Goal | undefined }, router: Router): void {
  useEffect(() => {
    if (router.visited !== undefined) goal.current = { id: router.visited };
    router.visited = undefined;
    const forget = () => {
      goal.current = undefined;
    };
    const signs = ["pointerdown", "wheel", "keydown"];
    for (const sign of signs) addEventListener(sign, forget, { capture: true, passive: true });
    return () => {
      for (const sign of signs) removeEventListener(sign, forget, { capture: true });
    };
  }, [goal, router]);
}

function next(key: string, at: number, page: number, rows: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return at + 1;
    case "ArrowUp":
      return at - 1;
    case "PageDown":
      return at + page;
    case "PageUp":
      return at - page;
    case "Home":
      return 0;
    case "End":
      return rows - 1;
    default:
      return undefined;
  }
}

function firstOf(key: string): number | undefined {
  return key === "ArrowDown" ? 0 : undefined;
}

function linkTo(body: HTMLElement | null, goal: Goal): HTMLElement | null {
  const row = "id" in goal ? `[data-id="${CSS.escape(goal.id)}"] a` : `a[data-index="${goal.index}"]`;
  return body?.querySelector<HTMLElement>(row) ?? null;
}
