/** Icons: states and results as shape, color and word; the sparkline of a row. */
import type { HealthcheckHead, LastResult, Outcome, RecentResult, State } from "../../api.ts";
import { splitSentence } from "../logic/format.ts";
import { SPARK, sparklineText, sparkPaths } from "../logic/sparkline.ts";
import { stateWords } from "../logic/state-words.ts";

const OUTCOME_STATES: Readonly<Record<Outcome, State>> = {
  failure: "unhealthy",
  inconclusive: "unknown",
  success: "healthy",
};

/** Icon of a state. Each state has its own shape, because color alone is not enough. */
export function StateIcon({ state }: { readonly state: State }) {
  return (
    <svg class={`icon icon-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      {state === "unhealthy" && (
        <>
          <path class="icon-solid" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" />
          <path class="icon-cut" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" />
        </>
      )}
      {state === "unknown" && <circle class="icon-dashed" cx="8" cy="8" r="6" />}
      {state === "healthy" && (
        <>
          <circle class="icon-line" cx="8" cy="8" r="6.25" />
          <path class="icon-line" d="M5.2 8.2l2 2 3.6-4" />
        </>
      )}
    </svg>
  );
}

/** Icon and label of the state of a healthcheck; the title says why the state is not the one that its checks find. */
export function StateMark({ item }: { readonly item: HealthcheckHead }) {
  const { state } = item;
  const { label, title } = stateWords(item);
  return (
    <span class={`state state-${state}`} title={title}>
      <StateIcon state={state} />
      {label}
    </span>
  );
}

/** The code of a result. */
export function Code({ result, code }: { readonly result: Outcome; readonly code: string }) {
  return <span class={`code state-${OUTCOME_STATES[result]}`}>{code}</span>;
}

/** Reason first, then the attempt, which may be cut off; the whole sentence is the title. */
export function Reason({ result, code, message }: Pick<LastResult, "result" | "code" | "message">) {
  const { why, what } = splitSentence(message);
  return (
    <span class={`reason reason-${result}`} title={`${code} ${message}`}>
      <Code result={result} code={code} /> <span class="reason-text">{why}</span>
      {what !== "" && <span class="reason-target"> {what}</span>}
    </span>
  );
}

/** The icon of a result. */
export function OutcomeIcon({ result }: { readonly result: Outcome }) {
  return <StateIcon state={OUTCOME_STATES[result]} />;
}

/** The last results as a small plot. */
export function Spark({ recent }: { readonly recent: readonly RecentResult[] }) {
  const { line, failures, inconclusive } = sparkPaths(recent);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      role="img"
      aria-label={sparklineText(recent)}
    >
      {failures !== "" && <path class="spark-failures" d={failures} />}
      {inconclusive !== "" && <path class="spark-inconclusive" d={inconclusive} />}
      {line !== "" && <path class="spark-line" d={line} />}
    </svg>
  );
}
