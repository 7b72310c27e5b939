/** The last results of one healthcheck as a table. */
import type { HistoryItem } from "../../api.ts";
import { formatClockMs, formatExact, formatMs, formatPhases, NOTHING } from "../logic/format.ts";
import { OutcomeIcon, Reason } from "./icons.tsx";

/** Table of the last results of one healthcheck. */
export function History({ history }: { readonly history: readonly HistoryItem[] }) {
  if (history.length === 0) return <p class="empty">No result yet.</p>;
  return (
    <table class="history" aria-label="Last results, newest first">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Result</th>
          <th scope="col" class="number">
            Duration
          </th>
          <th scope="col" class="number">
            Lateness
          </th>
          <th scope="col">Phases</th>
        </tr>
      </thead>
      <tbody>
        {history.map((item) => (
          <HistoryRow key={item.at} item={item} />
        ))}
      </tbody>
    </table>
  );
}

function HistoryRow({ item }: { readonly item: HistoryItem }) {
  const { at, result, code, message, duration_ms, lateness_ms, phases } = item;
  const atMs = Date.parse(at);
  return (
    <tr class={`result-${result}`}>
      <td class="history-at">
        <time dateTime={at} title={formatExact(atMs)}>
          {formatClockMs(atMs)}
        </time>
      </td>
      <td class="history-result">
        <OutcomeIcon result={result} />
        <Reason result={result} code={code} message={message} />
      </td>
      <td class="number history-duration">{formatMs(duration_ms)}</td>
      <td class="number history-late">
        <span class="narrow-label">late by </span>
        {formatMs(lateness_ms)}
      </td>
      <td class="history-phases">{formatPhases(phases) || NOTHING}</td>
    </tr>
  );
}
