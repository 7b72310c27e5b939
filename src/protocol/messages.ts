/** The messages of the client, understood. What cannot be understood becomes words for an `error` line. */
import * as v from "valibot";
import { CHECK_DEFAULTS, type CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { inSlices } from "../system/slices.ts";
import { parseJson } from "./codec.ts";
import { type ConfigFault, type ReadConfig, readConfig } from "./config.ts";
import { cutMessage, idInRuins } from "./elements.ts";
import { notAllowed, secretNotAllowed } from "./fields.ts";

/** One message of the client. */
export type ClientMessage =
  | { readonly type: "update_configs"; readonly configs: readonly string[] }
  | { readonly type: "request_status" }
  | { readonly type: "shutdown" };

const TYPES = ["update_configs", "request_status", "shutdown"] as const;

/** A message that makes no sense; the text is for the client. */
export class MessageError extends Error {}

const Envelope = v.object({ type: v.picklist(TYPES), configs: v.nullish(v.array(v.unknown())) });

/**
 * Understands one line of the client, except for the configs in it, which stay text.
 *
 * @throws MessageError
 */
export function readMessage(line: Uint8Array): ClientMessage {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(line);
  } catch {
    throw new MessageError("the line is not UTF-8");
  }
  const { envelope, elements } = cutMessage(text);
  const value = tryParse(envelope);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MessageError(`the line is not a JSON object (${line.length} bytes, not shown)`);
  }
  if (elements !== undefined && "configs" in value)
    throw new MessageError("configs: the key is there more than once, no list is taken");
  const parsed = v.safeParse(Envelope, value);
  if (parsed.success) {
    const { type, configs } = parsed.output;
    if (elements === undefined && (configs?.length ?? 0) > 0)
      throw new MessageError('configs: the key must be written "configs"');
    return type === "update_configs" ? { type, configs: elements ?? [] } : { type };
  }
  const [key] = parsed.issues[0].path ?? [];
  if (key?.key === "configs") throw new MessageError(`configs: ${secretNotAllowed(key.value, "a list")}`);
  const type = "type" in value ? value.type : undefined;
  throw new MessageError(`type: ${notAllowed(type, `one of ${TYPES.join(", ")}`)}`);
}

/** A desired set as far as it was understood. */
export interface ReadConfigs {
  readonly specs: readonly HealthcheckSpec[];
  /** One entry a config that was refused, in words. */
  readonly refusals: readonly Refusal[];
  /** What new configs say that is used otherwise, one sentence a config: `healthcheck 42: timeout: …`. */
  readonly warnings: readonly string[];
  /** Ids that came more than once; the last one counts. */
  readonly repeated: ReadonlySet<HealthcheckId>;
  /** Whether it differs from the list before, other than in its order. */
  readonly changed: boolean;
}

/** A config that was refused. */
export interface Refusal {
  /** Whose it is; undefined when nobody can know. */
  readonly id: HealthcheckId | undefined;
  /** `healthcheck 42 refused: port: 70000 is not allowed: must be …` */
  readonly message: string;
  /** Whether the last set held the same text, and this was said then. */
  readonly known: boolean;
}

/**
 * Understands lists of configs, one after the other. A config whose text was in the list before is not parsed again: the
 * client sends ten thousand of them every 15 s, in another order each time, and hardly any has changed.
 */
export class ConfigReader {
  readonly #defaults: CheckDefaults;
  #before: ReadonlyMap<string, ReadConfig> | undefined;

  /** @param defaults - of the server; they hold for the reader's life */
  constructor(defaults: CheckDefaults = CHECK_DEFAULTS) {
    this.#defaults = defaults;
  }

  /** Works in slices; one list at a time. */
  async read(configs: readonly string[]): Promise<ReadConfigs> {
    const now = new Map<string, ReadConfig>();
    const specs = new Map<HealthcheckId, HealthcheckSpec>();
    const refusals: Refusal[] = [];
    const warnings: string[] = [];
    const seen = new Set<HealthcheckId>();
    const repeated = new Set<HealthcheckId>();
    const former = this.#before;
    let changed = false;
    await inSlices(configs, (text, index) => {
      const before = former?.get(text);
      changed ||= before === undefined;
      const read = before ?? parseConfig(text, this.#defaults);
      now.set(text, read);
      const id = read.ok ? read.spec.id : read.id;
      if (id !== undefined && seen.has(id)) repeated.add(id);
      if (id !== undefined) seen.add(id);
      // Of two with the same id the last counts, also when it is refused.
      if (id !== undefined) specs.delete(id);
      // Logged when its text is new, not every 15 s.
      if (read.ok && read.warnings.length > 0 && before === undefined)
        warnings.push(`healthcheck ${read.spec.id}: ${joined(read.warnings)}`);
      if (read.ok) specs.set(read.spec.id, read.spec);
      else refusals.push({ id, message: refusalMessage(read, index), known: before !== undefined });
    });
    this.#before = now;
    changed ||= former?.size !== now.size;
    return { specs: [...specs.values()], refusals, warnings, repeated, changed };
  }
}

function parseConfig(text: string, defaults: CheckDefaults): ReadConfig {
  const value = tryParse(text);
  if (value !== undefined) return readConfig(value, "wire", defaults);
  const message = `not JSON (${Buffer.byteLength(text)} bytes, not shown)`;
  const seen = idInRuins(text);
  // No more than a hint: where quotes are missing, one broken config holds its neighbours as well.
  const hint = seen === undefined ? "" : `, perhaps of healthcheck ${seen}`;
  return { ok: false, id: undefined, faults: [{ path: [], message: message + hint }] };
}

/** @returns undefined for what is not JSON, or nested too deeply to be read */
function tryParse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function refusalMessage(read: ReadConfig & { readonly ok: false }, index: number): string {
  const name = read.id === undefined ? `config ${index} of the list` : `healthcheck ${read.id}`;
  // A client that hears that a config is left out must also know that others were not taken out.
  const rest = read.id === undefined ? "; no healthcheck is stopped by this list" : "";
  return `${name} refused: ${joined(read.faults)}${rest}`;
}

function joined(faults: readonly ConfigFault[]): string {
  return faults
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}
