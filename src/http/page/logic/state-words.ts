/** The words for the state of a healthcheck. Pure. */
import type { HealthcheckHead, State } from "../../api.ts";

const WORDS: Readonly<Record<State, string>> = {
  unhealthy: "Unhealthy",
  unknown: "Unknown",
  healthy: "Healthy",
};

/** Returns the label of a state. */
export function stateLabel(state: State): string {
  return WORDS[state];
}

/** Part of a healthcheck that the words for its state depend on. */
type Marked = Pick<HealthcheckHead, "state" | "damped" | "provisional" | "override">;

/**
 * Returns the label of a healthcheck's state, with a question mark after one from before a restart, and a title that says why it is not
 * the one that its checks find. An operator's decision comes first: it wins over every other rule.
 */
export function stateWords({ state, damped, provisional, override }: Marked): {
  readonly label: string;
  readonly title: string | undefined;
} {
  if (override !== undefined) {
    const { action, user, until, reason } = override;
    const label = action === "paused" ? `${WORDS[state]}, paused` : `Forced ${action}`;
    return { label, title: `${label} by ${user} until ${until}: ${reason}` };
  }
  if (damped) return { label: "Flapping", title: "Flapping: stays unhealthy until it is calm" };
  if (provisional) {
    const title = "From before the restart: not confirmed by a check yet, and not reported";
    return { label: `${WORDS[state]}?`, title };
  }
  return { label: WORDS[state], title: undefined };
}
