/** The commands of the control socket: a JSON object in, a JSON object out. Their limits are decided here, the same for every client. */
import type { HealthcheckId } from "../model/id.ts";
import { describeDurations, MAX_OVERRIDE_MS, MAX_REASON_BYTES } from "../model/override-limits.ts";
import { printable } from "../model/printable.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { type Operator, OVERRIDE_ACTIONS } from "../monitor/override.ts";
import { currentMoment, elapsedMs } from "../system/boot-clock.ts";
import type { Clock } from "../system/clock.ts";
import { type Overrides, targetOf } from "./overrides.ts";
import { EVERY, type Selection, selectId, selectTarget } from "./selection.ts";

/** Answer to a command. */
export type Answer = { readonly error: string } | Readonly<Record<string, unknown>>;

/** Executes commands. */
export class OverrideCommands {
  readonly #overrides: Overrides;
  readonly #monitors: ReadonlyMap<HealthcheckId, Monitor>;
  readonly #clock: Clock;

  constructor(overrides: Overrides, monitors: ReadonlyMap<HealthcheckId, Monitor>, clock: Clock) {
    this.#overrides = overrides;
    this.#monitors = monitors;
    this.#clock = clock;
  }

  /** Executes a command. @param line - JSON @param operator - who has connected */
  execute(line: string, operator: Operator): Answer {
    const request = parse(line);
    if (request === undefined) return { error: "the request is not a JSON object" };
    switch (request["command"]) {
      case "set":
        return this.#set(request, operator);
      case "release":
        return this.#release(request, operator);
      case "list":
        return { overrides: this.#list() };
      default:
        return { error: "command: must be set, release or list" };
    }
  }

  #set(request: Request, by: Operator): Answer {
    const { action, reason, duration_ms: durationMs } = request;
    const known = OVERRIDE_ACTIONS.find((one) => one === action);
    if (known === undefined) return { error: `action: must be one of ${OVERRIDE_ACTIONS.join(", ")}` };
    if (typeof durationMs !== "number" || !(durationMs > 0) || durationMs > MAX_OVERRIDE_MS)
      return { error: `--for: must be ${describeDurations()}` };
    const text = typeof reason === "string" ? printable(reason.trim()) : "";
    if (text === "" || Buffer.byteLength(text) > MAX_REASON_BYTES)
      return { error: `--reason: must be a text of at most ${MAX_REASON_BYTES} bytes` };
    const selection = readSelection(request);
    if (typeof selection === "string") return { error: selection };
    const monitors = [...this.#monitors.values()].filter((monitor) => selection.has(monitor));
    if (monitors.length === 0) return { error: `no healthcheck matches ${selection.text}` };
    if (known === "unhealthy" && request["all"] !== true && this.#isEverything(monitors))
      return { error: "this would force every healthcheck unhealthy; add --all if you mean it" };
    const sinceMs = this.#clock.wallMs();
    const from = currentMoment(sinceMs);
    this.#overrides.set(
      monitors,
      { action: known, reason: text, by, sinceMs, from, durationMs },
      selection.text,
    );
    return { healthchecks: monitors.length, until: new Date(sinceMs + durationMs).toISOString() };
  }

  #release(request: Request, { user }: Operator): Answer {
    const selection = readSelection(request);
    if (typeof selection === "string") return { error: selection };
    // An id that does not run now may have an override, too.
    const ids = new Set(
      this.#overrides.list().flatMap(({ id }) => (this.#matches(id, selection, request) ? [id] : [])),
    );
    const healthchecks = this.#overrides.release(ids, user);
    return healthchecks === 0 ? { error: `no override matches ${selection.text}` } : { healthchecks };
  }

  #matches(id: HealthcheckId, selection: Selection, { id: written }: Request): boolean {
    const monitor = this.#monitors.get(id);
    return monitor === undefined ? written === id || selection === EVERY : selection.has(monitor);
  }

  /** Reports whether all healthchecks would be forced unhealthy; a single one in all is named by its id anyway. */
  #isEverything(monitors: readonly Monitor[]): boolean {
    if (this.#monitors.size <= 1) return false;
    const chosen = new Set<Monitor>(monitors);
    return [...this.#monitors.values()].every(
      (one) => chosen.has(one) || one.override?.action === "unhealthy",
    );
  }

  #list(): unknown[] {
    const wallMs = this.#clock.wallMs();
    const now = currentMoment(wallMs);
    return this.#overrides.list().map(({ id, override }) => {
      const monitor = this.#monitors.get(id);
      const { action, reason, by, sinceMs, from, durationMs } = override;
      const until = new Date(wallMs + durationMs - elapsedMs(from, now, true)).toISOString();
      const who = { user: by.user, uid: by.uid, pid: by.pid, since: new Date(sinceMs).toISOString(), until };
      // A healthcheck that the client's list does not have now has no target and no state.
      const target = targetOf(monitor) ?? null;
      return { id, target, action, measured_state: monitor?.health.state ?? null, reason, ...who };
    });
  }
}

type Request = Readonly<Record<string, unknown>>;

function parse(line: string): Request | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // Fields are checked where they are used.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Request)
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns an error message for a request that names no healthchecks, or more than one way */
function readSelection({ id, target, all }: Request): Selection | string {
  if (id !== undefined && target !== undefined) return "--target: not allowed with an id; must be absent";
  if (typeof id === "string") return selectId(id);
  if (typeof target === "string") return selectTarget(target);
  return all === true ? EVERY : "an id, --target or --all is missing";
}
