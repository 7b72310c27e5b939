/** A request of the control socket: read from a line of JSON, each field checked. Pure. */
import { describeDurations, MAX_OVERRIDE_MS, MAX_REASON_BYTES } from "../model/override-limits.ts";
import { printable } from "../model/printable.ts";
import { OVERRIDE_ACTIONS, type OverrideAction } from "../monitor/override.ts";
import { problem } from "../schema/problem.ts";
import { EVERY, type Selection, selectId, selectTarget } from "./selection.ts";

/** A command about the healthchecks of a selection. */
interface Selecting {
  readonly selection: Selection;
  /** The id as it is written; undefined for another selection. */
  readonly id: string | undefined;
}

/** A request that sets an override. */
export interface SetRequest extends Selecting {
  readonly command: "set";
  readonly action: OverrideAction;
  readonly reason: string;
  readonly durationMs: number;
  /** True if the operator means every healthcheck. */
  readonly all: boolean;
}

/** A request that ends overrides. */
export interface ReleaseRequest extends Selecting {
  readonly command: "release";
}

/** A request. */
export type Request = SetRequest | ReleaseRequest | { readonly command: "list" };

type Fields = Readonly<Record<string, unknown>>;

/** The fields of each command. */
const FIELDS = {
  set: ["action", "reason", "duration_ms", "id", "target", "all"],
  release: ["id", "target", "all"],
  list: [],
} as const;

/** Reads a request. @param line - JSON @returns an error message for one that is not valid */
export function readRequest(line: string): Request | string {
  const fields = parse(line);
  if (fields === undefined) return "the request is not a JSON object";
  const { command } = fields;
  if (command !== "set" && command !== "release" && command !== "list")
    return "command: must be set, release or list";
  // A field of a newer command line may restrict what it asks for.
  const known: readonly string[] = FIELDS[command];
  const other = Object.keys(fields).find((key) => key !== "command" && !known.includes(key));
  if (other !== undefined) return `${printable(other)}: not a field of the command ${command}`;
  if (command === "list") return { command };
  const selecting = readSelection(fields);
  if (typeof selecting === "string") return selecting;
  return command === "set" ? readSet(fields, selecting) : { command, ...selecting };
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // Fields are checked where they are used.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

function readSet({ action, reason, duration_ms, all }: Fields, selecting: Selecting): SetRequest | string {
  const known = OVERRIDE_ACTIONS.find((one) => one === action);
  if (known === undefined) return `action: must be one of ${OVERRIDE_ACTIONS.join(", ")}`;
  if (typeof duration_ms !== "number" || !(duration_ms > 0) || duration_ms > MAX_OVERRIDE_MS)
    return `--for: must be ${describeDurations()}`;
  const text = typeof reason === "string" ? printable(reason.trim()) : "";
  if (text === "" || Buffer.byteLength(text) > MAX_REASON_BYTES)
    return `--reason: must be a text of at most ${MAX_REASON_BYTES} bytes`;
  const durationMs = duration_ms;
  return { command: "set", action: known, reason: text, durationMs, all: all === true, ...selecting };
}

/** @returns an error message for a request that names no healthchecks, or more than one way */
function readSelection({ id, target, all }: Fields): Selecting | string {
  // A selection of another type must not count as absent: with `all` the request would be about everything.
  if (id !== undefined && typeof id !== "string") return `id: ${problem(id, "digits in a string")}`;
  if (target !== undefined && typeof target !== "string") return `--target: ${problem(target, "a string")}`;
  if (all !== undefined && typeof all !== "boolean") return `--all: ${problem(all, "true or false")}`;
  if (id !== undefined && target !== undefined) return "--target: not allowed with an id; must be absent";
  const selection = select(id, target, all === true);
  return typeof selection === "string" ? selection : { selection, id };
}

function select(id: string | undefined, target: string | undefined, all: boolean): Selection | string {
  if (id !== undefined) return selectId(id);
  if (target !== undefined) return selectTarget(target);
  return all ? EVERY : "an id, --target or --all is missing";
}
