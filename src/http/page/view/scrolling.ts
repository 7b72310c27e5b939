/** Geometry of the list on the screen, updated as it is scrolled. */
import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HealthcheckItem } from "../../api.ts";
import {
  type Geometry,
  type Span,
  scrollFor,
  shifted,
  stretch,
  visibleSpan,
} from "../logic/virtual-window.ts";

/** The list as it lies, and how to move it. */
export interface Scrolling {
  readonly geometry: Geometry;
  readonly span: Span;
  /** Puts a row where it can be seen, if it is not there already. */
  reveal(index: number): void;
}

/** Rows on the screen before a change, to find them again. */
interface Before {
  readonly rows: ReadonlyMap<number, HealthcheckItem>;
  readonly seen: readonly (readonly [index: number, id: string])[];
}

/** Time after which scrolling counts as ended; until then the page does not scroll. */
const SETTLED_MS = 200;

/** @param rows - how many there are */
export function useScrolling(
  body: RefObject<HTMLElement | null>,
  rows: number,
  rowHeight: number,
): Scrolling & { readonly scrolledAtMs: { readonly current: number } } {
  const scrolledAtMs = useRef(0);
  const measure = useCallback((): Geometry => {
    const scrolled = -(body.current?.getBoundingClientRect().top ?? 0);
    return { rows, rowHeight, scrolled, viewport: innerHeight };
  }, [body, rows, rowHeight]);
  const [geometry, setGeometry] = useState(measure);
  useLayoutEffect(() => {
    let frame = 0;
    const update = () => {
      frame = 0;
      const now = measure();
      setGeometry((before) => (looksTheSame(before, now) ? before : now));
    };
    const listen = () => {
      scrolledAtMs.current = performance.now();
      if (frame === 0) frame = requestAnimationFrame(update);
    };
    update();
    addEventListener("scroll", listen, { passive: true });
    addEventListener("resize", listen);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", listen);
      removeEventListener("resize", listen);
    };
  }, [measure]);
  const reveal = (index: number) => {
    bringIntoSight(index, measure());
    setGeometry(measure());
  };
  // Measured before the list changed its length.
  const current =
    geometry.rows === rows && geometry.rowHeight === rowHeight ? geometry : { ...geometry, rows, rowHeight };
  return { geometry: current, span: visibleSpan(current), reveal, scrolledAtMs };
}

/** Keeps what is being read in its place when rows come or go above it; at the top, what comes is to be seen. */
export function useAnchor(
  rows: ReadonlyMap<number, HealthcheckItem>,
  { geometry, span }: Scrolling,
  scrolledAtMs: { readonly current: number },
): void {
  const before = useRef<Before | undefined>(undefined);
  useLayoutEffect(() => {
    const { current } = before;
    const isReading =
      geometry.scrolled > geometry.rowHeight && performance.now() - scrolledAtMs.current > SETTLED_MS;
    if (current !== undefined && current.rows !== rows && isReading) {
      const places = new Map([...rows].map(([index, { id }]) => [id, index]));
      const by = shifted(current.seen, places);
      if (by !== 0) scrollBy({ top: (by * geometry.rowHeight) / stretch(geometry), behavior: "instant" });
    }
    const seen: (readonly [number, string])[] = [];
    for (let index = span.first; index < span.end; index++) {
      const item = rows.get(index);
      if (item !== undefined) seen.push([index, item.id]);
    }
    before.current = { rows, seen };
  });
}

/** Scrolls no further than needed. */
function bringIntoSight(index: number, geometry: Geometry): void {
  const inRows = scrollFor(index, geometry);
  const top = scrollY - geometry.scrolled + inRows;
  const covered = coveredHeight();
  if (inRows < geometry.scrolled + covered) scrollTo({ top: top - covered, behavior: "instant" });
  const below = top + geometry.rowHeight - innerHeight;
  if (below > scrollY) scrollTo({ top: below, behavior: "instant" });
}

/** Returns the height of the controls, which cover the top of the window. */
function coveredHeight(): number {
  const sticky = document.querySelector(".controls");
  const head = document.querySelector(".table thead");
  const isSticky = sticky !== null && getComputedStyle(sticky).position === "sticky";
  const height = (element: Element | null) => element?.getBoundingClientRect().height ?? 0;
  return isSticky ? height(sticky) + height(head) : 0;
}

/** Unless the list is stretched, only the rows on the screen count, and not where exactly they are. */
function looksTheSame(one: Geometry, other: Geometry): boolean {
  if (one.rows !== other.rows || one.rowHeight !== other.rowHeight || stretch(other) !== 1) return false;
  const [a, b] = [visibleSpan(one), visibleSpan(other)];
  return a.first === b.first && a.end === b.end;
}
