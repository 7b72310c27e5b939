/** What is known of a healthcheck besides its results: where it stands, its numbers, its configuration. */
import type { ComponentChildren } from "preact";
import type { HealthcheckDetail } from "../../api.ts";
import { describeConfig, type Setting } from "../logic/config.ts";
import { formatCount } from "../logic/format.ts";
import { MAX_STEPS, progressOf } from "../logic/position.ts";

/** State, counters and configuration of one healthcheck. */
export function Facts({ detail }: { readonly detail: HealthcheckDetail }) {
  const { id, type, config, running } = detail;
  return (
    <div class="column-side">
      <section class="card" aria-labelledby="standing">
        <h2 id="standing">Standing</h2>
        <dl class="facts">
          <Fact name="id">
            <span class="mono">{id}</span>
          </Fact>
          <Fact name="type">{type.toUpperCase()}</Fact>
          <Fact name="next change">
            <Standing detail={detail} />
          </Fact>
          <Fact name="in a row">{rows(detail)}</Fact>
          <Fact name="check">{running ? "running" : "waiting"}</Fact>
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

function Totals({ detail: { totals } }: { readonly detail: HealthcheckDetail }) {
  const names = ["checks", "successes", "failures", "inconclusive", "skipped", "transitions"] as const;
  return (
    <section class="card" aria-labelledby="totals">
      <h2 id="totals">Totals</h2>
      <dl class="facts facts-numbers">
        {names.map((name) => (
          <Fact key={name} name={name}>
            {formatCount(totals[name])}
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Standing({ detail: { state, position } }: { readonly detail: HealthcheckDetail }) {
  const { done, of, words } = progressOf(state, position);
  const steps = Array.from({ length: of <= MAX_STEPS ? of : 0 }, (_, step) => step);
  return (
    <>
      {words}
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
    <dl class="facts">
      {settings.map(({ name, value }) => (
        <Fact key={name} name={name}>
          {typeof value === "string" ? value : <Settings settings={value} />}
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
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
