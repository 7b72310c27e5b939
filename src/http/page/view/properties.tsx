/** Properties of a healthcheck besides its results: its state, its numbers, its configuration. */
import type { ComponentChildren } from "preact";
import type { HealthcheckDetail } from "../../api.ts";
import { describeConfig, type Setting } from "../logic/config.ts";
import { formatCount } from "../logic/format.ts";
import { dampingWords, MAX_STEPS, progressOf } from "../logic/position.ts";

/** State, counters and configuration of one healthcheck. */
export function Properties({ detail }: { readonly detail: HealthcheckDetail }) {
  const { id, type, config, running, held, pace, damping } = detail;
  return (
    <div class="column-side">
      <section class="card" aria-labelledby="status">
        <h2 id="status">Status</h2>
        <dl class="properties">
          <Property name="id">
            <span class="mono">{id}</span>
          </Property>
          <Property name="type">{type.toUpperCase()}</Property>
          <Property name="next change">
            <StateSummary detail={detail} />
          </Property>
          <Property name="in a row">{rows(detail)}</Property>
          <Property name="check">{running ? "running" : "waiting"}</Property>
          {held === true && <Property name="held">unhealthy, not reported: network in doubt</Property>}
          <Property name="pace">{PACE_WORDS[pace]}</Property>
          {damping?.damped === false && <Property name="damping">{dampingWords(damping)}</Property>}
        </dl>
      </section>
      <Totals detail={detail} />
      <section class="card" aria-labelledby="configuration">
        <h2 id="configuration">Configuration</h2>
        <Settings settings={describeConfig(config)} />
      </section>
    </div>
  );
}

const PACE_WORDS: Readonly<Record<HealthcheckDetail["pace"], string>> = {
  normal: "interval",
  fast: "fast interval",
  down: "down interval",
};

function Totals({ detail: { totals } }: { readonly detail: HealthcheckDetail }) {
  const names = ["checks", "successes", "failures", "inconclusive", "skipped", "transitions"] as const;
  return (
    <section class="card" aria-labelledby="totals">
      <h2 id="totals">Totals</h2>
      <dl class="properties properties-numbers">
        {names.map((name) => (
          <Property key={name} name={name}>
            {formatCount(totals[name])}
          </Property>
        ))}
      </dl>
    </section>
  );
}

function StateSummary({ detail: { state, position, damping } }: { readonly detail: HealthcheckDetail }) {
  // Results in a row do not count while it is damped.
  if (damping?.damped) return <>{dampingWords(damping)}</>;
  const { done, of, text } = progressOf(state, position);
  const steps = Array.from({ length: of <= MAX_STEPS ? of : 0 }, (_, step) => step);
  return (
    <>
      {text}
      {steps.length > 0 && (
        <span class={`steps steps-${state}`} aria-hidden="true">
          {steps.map((step) => (
            <span key={step} class={step < done ? "step step-done" : "step"} />
          ))}
        </span>
      )}
    </>
  );
}

function Settings({ settings }: { readonly settings: readonly Setting[] }) {
  return (
    <dl class="properties">
      {settings.map(({ name, value }) => (
        <Property key={name} name={name}>
          {typeof value === "string" ? value : <Settings settings={value} />}
        </Property>
      ))}
    </dl>
  );
}

function Property({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="property">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function rows({ position }: HealthcheckDetail): string {
  const { consecutive_successes: successes, consecutive_failures: failures } = position;
  if (failures > 0) return `${formatCount(failures)} ${failures === 1 ? "failure" : "failures"}`;
  return `${formatCount(successes)} ${successes === 1 ? "success" : "successes"}`;
}
