/** A row of the list. */
import type { HealthcheckItem } from "../../api.ts";
import { formatAgo, formatExact, formatMs, NOTHING, named } from "../logic/format.ts";
import { detailHash } from "../logic/route.ts";
import { Reason, Spark, StateMark } from "./icons.tsx";

/** Properties of a row. */
export interface RowProps {
  readonly index: number;
  /** In the body, pixels. */
  readonly top: number;
  /** Undefined while it is not known yet. */
  readonly item: HealthcheckItem | undefined;
  /** The server's time, milliseconds. */
  readonly nowMs: number;
}

/** Time for which a row that has changed state is highlighted. */
const FRESH_MS = 4_000;
/** The head of the table is row 1. */
const FIRST_ROW = 2;

/** Row of the list. */
export function Row({ index, top, item, nowMs }: RowProps) {
  const place = { top: `${top}px` };
  if (item === undefined) {
    return (
      <tr class="row row-blank" style={place} aria-rowindex={index + FIRST_ROW}>
        <td colSpan={7}>
          <span class="hidden">Loading</span>
        </td>
      </tr>
    );
  }
  const isFresh = item.state === "unhealthy" && nowMs - Date.parse(item.since) < FRESH_MS;
  return (
    <tr
      class={`row row-${item.state}${isFresh ? " row-changed" : ""}`}
      style={place}
      aria-rowindex={index + FIRST_ROW}
      data-id={item.id}
    >
      <td class="cell-state">
        <StateMark item={item} />
      </td>
      <th scope="row" class="cell-target">
        <a href={detailHash(item.id)} data-index={index} title={named(item)}>
          {named(item)}
        </a>
      </th>
      <td class="cell-id">{item.id}</td>
      <td class="cell-type">{item.type.toUpperCase()}</td>
      <ResultCell item={item} />
      <td class="cell-time">
        <span class="time">{formatMs(item.last?.duration_ms ?? null)}</span>
        <Spark recent={item.recent} />
      </td>
      <SinceCell since={item.since} nowMs={nowMs} />
    </tr>
  );
}

function ResultCell({ item: { last } }: { readonly item: HealthcheckItem }) {
  if (last === null) return <td class="cell-result cell-none">{NOTHING} no result yet</td>;
  return (
    <td class="cell-result">
      <Reason result={last.result} code={last.code} message={last.message} />
    </td>
  );
}

function SinceCell({ since, nowMs }: { readonly since: string; readonly nowMs: number }) {
  const sinceMs = Date.parse(since);
  return (
    <td class="cell-since">
      <time dateTime={since} title={formatExact(sinceMs)}>
        {formatAgo(nowMs - sinceMs)}
      </time>
    </td>
  );
}
