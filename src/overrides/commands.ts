/** The commands of the control socket: a line of JSON in, a line of JSON out. Their limits are decided here, the same for every client. */
import type { HealthcheckId } from "../model/id.ts";
import type { Monitor } from "../monitor/monitor.ts";
import { endWallMs, type Operator } from "../monitor/override.ts";
import type { OverrideRecord } from "../persistence/format.ts";
import type { Moment } from "../system/boot-clock.ts";
import { forEachSliced } from "../system/time-slicing.ts";
import { type Overrides, targetOf } from "./overrides.ts";
import { type ReleaseRequest, readRequest, type SetRequest } from "./request.ts";
import { EVERY } from "./selection.ts";

/** Time that a command waits for the state file; a disk that hangs must not keep the operator. */
const KEEP_MS = 1_000;

/** The parts of the daemon that commands need. */
export interface CommandDeps {
  readonly overrides: Overrides;
  readonly monitors: ReadonlyMap<HealthcheckId, Monitor>;
  now(): Moment;
  /**
   * Settles when the overrides survive the end of this process.
   *
   * @param signal - aborts the wait
   * @returns the reason why they do not; undefined if they do
   */
  kept(signal: AbortSignal): Promise<string | undefined>;
}

/** Answer to a command that changes something. */
type Answer = { readonly error: string } | Readonly<Record<string, unknown>>;

/** Executes commands, one after the other. */
export class OverrideCommands {
  readonly #deps: CommandDeps;
  /** The command before the next one. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: CommandDeps) {
    this.#deps = deps;
  }

  /**
   * Executes a command. Its changes are reported before the answer, which comes when they are in the state file.
   *
   * @param line - JSON
   * @param operator - who has connected
   * @returns JSON
   */
  async execute(line: string, operator: Operator): Promise<string> {
    const request = readRequest(line);
    if (typeof request === "string") return JSON.stringify({ error: request });
    if (request.command === "list") return await this.#list();
    const act = () =>
      request.command === "set" ? this.#set(request, operator) : this.#release(request, operator);
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return JSON.stringify(await this.#kept(await done));
  }

  /** Waits until what a command has changed survives the end of this process, or adds the reason why it does not. */
  async #kept(answer: Answer): Promise<Answer> {
    if ("error" in answer) return answer;
    const reason = await this.#deps.kept(AbortSignal.timeout(KEEP_MS));
    return reason === undefined ? answer : { ...answer, warning: `not kept over a restart: ${reason}` };
  }

  async #set({ selection, action, reason, durationMs, all }: SetRequest, by: Operator): Promise<Answer> {
    const { overrides, monitors, now } = this.#deps;
    const chosen: Monitor[] = [];
    await forEachSliced([...monitors.values()], (one) => selection.has(one) && chosen.push(one));
    const none = { error: `no healthcheck matches ${selection.text}` };
    if (chosen.length === 0) return none;
    if (action === "unhealthy" && !all && this.#isEverything(chosen))
      return { error: "this would force every healthcheck unhealthy; add --all if you mean it" };
    const from = now();
    const override = { action, reason, by, sinceMs: from.wallMs, from, durationMs };
    const healthchecks = await overrides.set(chosen, override, selection.text);
    // All of them may have left the list meanwhile.
    return healthchecks === 0
      ? none
      : { healthchecks, until: new Date(from.wallMs + durationMs).toISOString() };
  }

  async #release({ selection, id: written }: ReleaseRequest, { user }: Operator): Promise<Answer> {
    const { overrides, monitors } = this.#deps;
    const ids = new Set<HealthcheckId>();
    await forEachSliced(overrides.list(), ({ id }) => {
      const monitor = monitors.get(id);
      // An id that does not run now may have an override, too.
      const isMeant = monitor === undefined ? written === id || selection === EVERY : selection.has(monitor);
      if (isMeant) ids.add(id);
    });
    const healthchecks = await overrides.release(ids, user);
    return healthchecks === 0 ? { error: `no override matches ${selection.text}` } : { healthchecks };
  }

  /** Reports whether all healthchecks would be forced unhealthy; a single one in all is named by its id anyway. */
  #isEverything(chosen: readonly Monitor[]): boolean {
    const { monitors } = this.#deps;
    if (monitors.size <= 1) return false;
    const among = new Set<Monitor>(chosen);
    return [...monitors.values()].every((one) => among.has(one) || one.override?.action === "unhealthy");
  }

  async #list(): Promise<string> {
    const now = this.#deps.now();
    const listed: string[] = [];
    await forEachSliced(this.#deps.overrides.list(), (record) => listed.push(this.#listed(record, now)));
    return `{"overrides":[${listed.join(",")}]}`;
  }

  #listed({ id, override }: OverrideRecord, now: Moment): string {
    const monitor = this.#deps.monitors.get(id);
    const { action, reason, by, sinceMs } = override;
    const until = new Date(endWallMs(override, now)).toISOString();
    const who = { user: by.user, uid: by.uid, pid: by.pid, since: new Date(sinceMs).toISOString(), until };
    // A healthcheck that the client's list does not have now has no target and no state.
    const target = targetOf(monitor) ?? null;
    return JSON.stringify({
      id,
      target,
      action,
      measured_state: monitor?.health.state ?? null,
      reason,
      ...who,
    });
  }
}
