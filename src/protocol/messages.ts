/** Reads the messages of the client. Errors in them become messages for an `error` line. */
import { isUtf8 } from "node:buffer";
import { CHECK_DEFAULTS, type CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import { formatCount } from "../model/printable.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { bytesNotShown } from "../redaction/marks.ts";
import { formatProblem, problem, secretProblem } from "../schema/problem.ts";
import { oneOf } from "../schema/values.ts";
import { collectYoung } from "../system/memory.ts";
import { Slice } from "../system/time-slicing.ts";
import { parseJson } from "./codec.ts";
import { type Element, recoverId, splitConfigs } from "./config-splitter.ts";
import { type ConfigFault, readConfig } from "./healthcheck.ts";
import type { Line } from "./lines.ts";
import { MessageError } from "./message-error.ts";

/** One message of the client. */
export type ClientMessage =
  | { readonly type: "update_configs"; readonly configs: Iterable<Element> }
  | { readonly type: "request_status" }
  | { readonly type: "shutdown" };

const TYPES = ["update_configs", "request_status", "shutdown"] as const;
/** Maximum number of rejected configs of one list that are described; the others are counted. */
export const MAX_REJECTIONS_DESCRIBED = 100;
/** Maximum number of errors of one config in its rejection. */
const MAX_ERRORS = 5;
/** Maximum length of a config whose text is kept, so that it need not be parsed again. A usual one has 200 characters. */
const MAX_KEPT_CHARS = 4_096;
/** Maximum number of rejections that are kept, so that they are not reported again, and the characters of their configs. */
const MAX_KEPT_REJECTIONS = 10_000;
const MAX_KEPT_REJECTED_CHARS = 4 * 1_024 * 1_024;
/** Refused configs leave nothing behind but garbage: after this number of their characters it is collected. */
const REJECTED_CHARS_PER_COLLECTION = 1_024 * 1_024;
/** Number of characters of a config that count as one more step of a time slice. */
const STEP_CHARS = 1_024;

const BYTE_ORDER_MARK = /^\ufeff/;

/**
 * Reads one line of the client, except for the configs in it, which stay bytes. Works in time slices.
 *
 * @throws MessageError
 */
export async function readMessage(line: Line): Promise<ClientMessage> {
  const { envelope, elements } = await splitConfigs(line);
  if (!isUtf8(envelope)) throw new MessageError("the line is not UTF-8");
  const value = tryParse(envelope.toString("utf8").replace(BYTE_ORDER_MARK, ""));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MessageError(`the line is not a JSON object ${bytesNotShown(line.byteLength)}`);
  }
  if (elements !== undefined && "configs" in value)
    throw new MessageError("configs: given more than once, so no list is applied; must be given once");
  const written = "type" in value ? value.type : undefined;
  const type = TYPES.find((known) => known === written);
  if (type === undefined) throw new MessageError(`type: ${problem(written, oneOf(TYPES).rule)}`);
  const configs = "configs" in value ? (value.configs ?? []) : [];
  if (!Array.isArray(configs)) throw new MessageError(`configs: ${secretProblem(configs, "a list")}`);
  if (elements === undefined && configs.length > 0)
    throw new MessageError('configs: the key is not valid; must be written "configs"');
  return type === "update_configs" ? { type, configs: elements ?? [] } : { type };
}

/** The valid part of a desired set. */
export interface ReadConfigs {
  readonly specs: readonly HealthcheckSpec[];
  /** Messages about the first rejected configs, at most 100. */
  readonly rejections: readonly Rejection[];
  /** Warnings about replaced values in new configs, one sentence for each config, at most 100: `healthcheck 42: timeout: …`. */
  readonly warnings: readonly string[];
  /** Number of rejected configs. */
  readonly rejected: number;
  /** Their ids; undefined stands for configs whose id could not be read. */
  readonly rejectedIds: ReadonlySet<HealthcheckId | undefined>;
  /** Duplicate ids; the last config of an id is used. */
  readonly repeated: ReadonlySet<HealthcheckId>;
  /** True when it differs from the previous list in more than its order. */
  readonly changed: boolean;
}

/** A config that was rejected. */
export interface Rejection {
  /** Its id; undefined when it could not be read. */
  readonly id: HealthcheckId | undefined;
  /** `healthcheck 42 rejected: port: 70000 is out of range; must be …` */
  readonly message: string;
  /** True when the last set held the same text, for which this was reported already. */
  readonly known: boolean;
}

/** A config that was read before: its spec, or its id and its errors. */
type ParsedConfig =
  | { readonly spec: HealthcheckSpec; readonly warnings?: readonly ConfigFault[] }
  | { readonly spec: undefined; readonly id: HealthcheckId | undefined; readonly message: string };

/**
 * Reads lists of configs, one after the other. A config whose text was in the previous list is not parsed again: the
 * client sends ten thousand of them every 15 s, in a different order each time, and few have changed.
 */
export class ConfigReader {
  readonly #defaults: CheckDefaults;
  #before: Reading | undefined;

  /** @param defaults - of the server; they apply for the life of the reader */
  constructor(defaults: CheckDefaults = CHECK_DEFAULTS) {
    this.#defaults = defaults;
  }

  /** Reads one list at a time, in time slices. */
  async read(configs: Iterable<Element>): Promise<ReadConfigs> {
    const before = this.#before;
    const reading = new Reading(this.#defaults, before);
    const slice = new Slice();
    let rejectedChars = 0;
    for (const element of configs) {
      const isRejected = !reading.take(element);
      const chars = (element.text ?? element.head).length;
      if (isRejected) rejectedChars += chars;
      if (rejectedChars > REJECTED_CHARS_PER_COLLECTION) {
        rejectedChars = 0;
        await slice.next();
        collectYoung();
        await slice.next();
      } else if (slice.isOverAfter(1 + Math.floor(chars / STEP_CHARS))) await slice.next();
    }
    reading.forgetBefore();
    this.#before = reading;
    const { byId, rejections, warnings, rejected, rejectedIds, repeated } = reading;
    return {
      specs: [...byId.values()],
      rejections,
      warnings,
      rejected,
      rejectedIds,
      repeated,
      changed: reading.differsFrom(before),
    };
  }
}

/** One list while it is read, and the part that the next list needs of it. */
class Reading {
  readonly byId = new Map<HealthcheckId, HealthcheckSpec>();
  readonly rejections: Rejection[] = [];
  readonly warnings: string[] = [];
  readonly rejectedIds = new Set<HealthcheckId | undefined>();
  readonly repeated = new Set<HealthcheckId>();
  rejected = 0;
  readonly #defaults: CheckDefaults;
  /** Configs that need not be parsed again, by their text. */
  readonly #kept = new Map<string, ParsedConfig>();
  #before: Reading | undefined;
  #keptRejections = 0;
  #keptRejectedChars = 0;
  #isNew = false;
  #count = 0;

  constructor(defaults: CheckDefaults, before: Reading | undefined) {
    this.#defaults = defaults;
    this.#before = before;
  }

  /** Releases the previous list, which is kept only while this one is read. */
  forgetBefore(): void {
    this.#before = undefined;
  }

  /** Returns the result for a config with this text, if it is known. */
  known(text: string): ParsedConfig | undefined {
    return this.#kept.get(text);
  }

  /** Reports whether it differs from another list in more than its order; configs that are not kept are only counted. */
  differsFrom(before: Reading | undefined): boolean {
    if (before === undefined || this.#isNew) return true;
    const { size } = this.#kept;
    return size !== before.#kept.size || this.#count !== before.#count || this.rejected !== before.rejected;
  }

  /** Reads one config. @returns whether it is valid */
  take(element: Element): boolean {
    const { text } = element;
    const before = text === undefined ? undefined : this.#before?.known(text);
    const known =
      before ?? (element.text === undefined ? unread(element) : parseConfig(element.text, this.#defaults));
    if (text !== undefined && text.length <= MAX_KEPT_CHARS) this.#keep(text, known, before === undefined);
    const id = known.spec === undefined ? known.id : known.spec.id;
    if (id !== undefined) {
      if (this.byId.has(id) || this.rejectedIds.has(id)) this.repeated.add(id);
      // Of two configs with the same id the last is used, even when it is rejected.
      this.byId.delete(id);
    }
    // Logged when its text is new, not every 15 s.
    if (known.spec !== undefined && before === undefined) this.#warn(known.spec.id, known.warnings ?? []);
    if (known.spec !== undefined) this.byId.set(known.spec.id, known.spec);
    else this.#reject(known.id, known.message, before !== undefined);
    this.#count++;
    return known.spec !== undefined;
  }

  #keep(text: string, known: ParsedConfig, isNew: boolean): void {
    if (known.spec === undefined) {
      if (this.#keptRejections === MAX_KEPT_REJECTIONS) return;
      if (this.#keptRejectedChars + text.length > MAX_KEPT_REJECTED_CHARS) return;
      this.#keptRejections++;
      this.#keptRejectedChars += text.length;
    }
    this.#isNew ||= isNew;
    this.#kept.set(text, known);
  }

  #warn(id: HealthcheckId, warnings: readonly ConfigFault[]): void {
    if (warnings.length > 0 && this.warnings.length < MAX_REJECTIONS_DESCRIBED)
      this.warnings.push(`healthcheck ${id}: ${faultWords(warnings)}`);
  }

  #reject(id: HealthcheckId | undefined, problem: string, isKept: boolean): void {
    this.rejected++;
    this.rejectedIds.add(id);
    if (this.rejections.length >= MAX_REJECTIONS_DESCRIBED) return;
    const name = id === undefined ? `config ${this.#count} of the list` : `healthcheck ${id}`;
    // The client must also learn that no healthcheck was stopped.
    const consequence = id === undefined ? "; no healthcheck is stopped by this list" : "";
    const message = `${name} rejected: ${problem}${consequence}`;
    // A config that is too large is not kept; its message is.
    const known =
      isKept || this.#before?.rejections.some((rejection) => rejection.message === message) === true;
    this.rejections.push({ id, message, known });
  }
}

function parseConfig(text: string, defaults: CheckDefaults): ParsedConfig {
  const value = tryParse(text);
  if (value === undefined)
    return unread({ head: text, byteLength: Buffer.byteLength(text), problem: "not JSON" });
  const read = readConfig(value, "wire", defaults);
  return read.ok ? read : { spec: undefined, id: read.id, message: faultWords(read.faults) };
}

/** Makes the result of a config that cannot be parsed. */
function unread({
  head,
  byteLength,
  problem,
}: Omit<Extract<Element, { text: undefined }>, "text">): ParsedConfig {
  const seen = recoverId(head);
  // Only a hint: without its quotes, a broken config includes its neighbors.
  const hint = seen === undefined ? "" : `, perhaps of healthcheck ${seen}`;
  return { spec: undefined, id: undefined, message: `${problem} ${bytesNotShown(byteLength)}${hint}` };
}

function faultWords(faults: readonly ConfigFault[]): string {
  const messages = faults.slice(0, MAX_ERRORS).map(formatProblem);
  const more = faults.length - messages.length;
  return `${messages.join("; ")}${more > 0 ? `; … and ${formatCount(more)} more` : ""}`;
}

/** Returns undefined for text that is not JSON, or nested too deeply. */
function tryParse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
