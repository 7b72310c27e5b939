/** The table of healthchecks: as high as all its rows, but only those on the screen are there. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { HealthcheckItem } from "../../api.ts";
import type { ListView } from "../data/list-store.ts";
import { bodyHeight, type Geometry, rowTop, type Span, widen } from "../logic/virtual-window.ts";
import { Row } from "./row.tsx";

const COLUMNS = ["State", "Target", "Id", "Type", "Last result", "Response", "Since"];
const COLUMN_CLASSES = ["state", "target", "id", "type", "result", "time", "since"];

/** Properties of the table. */
export interface TableProps {
  readonly view: ListView;
  readonly geometry: Geometry;
  readonly span: Span;
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly nowMs: number;
  readonly isBusy: boolean;
  readonly isStale: boolean;
}

/** Table of healthchecks. It is as high as all rows and renders only the visible ones. */
export function Table({ view, geometry, span, body, nowMs, isBusy, isStale }: TableProps) {
  const rows = view.matched ?? 0;
  const { first, end } = widen(span, rows);
  const shown: { readonly index: number; readonly item: HealthcheckItem | undefined }[] = [];
  for (let index = first; index < end; index++) shown.push({ index, item: view.rows.get(index) });
  useKeptFocus(body);
  useRowClicks(body);
  return (
    <table
      class={`table${isStale ? " stale" : ""}`}
      aria-label="Healthchecks"
      tabIndex={-1}
      aria-rowcount={view.matched === undefined ? -1 : rows + 1}
      aria-busy={isBusy}
    >
      <thead>
        <tr aria-rowindex={1}>
          {COLUMNS.map((name, place) => (
            <th key={name} scope="col" class={`cell-${COLUMN_CLASSES[place]}`}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} style={{ height: `${bodyHeight(rows, geometry.rowHeight)}px` }}>
        {shown.map(({ index, item }) => (
          <Row
            key={item?.id ?? `blank ${index}`}
            index={index}
            item={item}
            top={rowTop(index, geometry)}
            nowMs={nowMs}
          />
        ))}
      </tbody>
    </table>
  );
}

/**
 * Rows that change places take the focus with them, where the browser itself drops it. One that leaves gives it to the table, from
 * where the arrow keys lead on: another row must not get a key that was meant for this one.
 */
function useKeptFocus(body: RefObject<HTMLTableSectionElement | null>): void {
  const { activeElement } = document;
  const isInside = activeElement instanceof HTMLElement && body.current?.contains(activeElement) === true;
  useLayoutEffect(() => {
    if (!isInside || document.activeElement === activeElement) return;
    const heir = activeElement.isConnected ? activeElement : body.current?.parentElement;
    heir?.focus({ preventScroll: true });
  });
}

/** Makes the whole row a link for the mouse, in which text can still be selected. */
function useRowClicks(body: RefObject<HTMLTableSectionElement | null>): void {
  useEffect(() => {
    const { current } = body;
    const listen = ({ target, button, ctrlKey, metaKey, shiftKey }: MouseEvent) => {
      if (!(target instanceof Element) || target.closest("a") !== null) return;
      const isPlain = button === 0 && !(ctrlKey || metaKey || shiftKey);
      if (isPlain && getSelection()?.isCollapsed !== false) target.closest("tr")?.querySelector("a")?.click();
    };
    current?.addEventListener("click", listen);
    return () => current?.removeEventListener("click", listen);
  }, [body]);
}
