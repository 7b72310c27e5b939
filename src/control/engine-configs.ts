/** Reads the sets of the engine, one after the other. A config that is the same as in the last set is not validated again. */
import type { CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/healthcheck.ts";
import type { Config } from "../rpc/engine-fields.ts";
import { type EngineEntry, readEntry } from "../rpc/engine-set.ts";
import { type FieldProblem, formatProblem } from "../schema/problem.ts";
import { Slice } from "../system/time-slicing.ts";

/** Usual steps of a time slice that a config is worth. */
const STEPS_PER_CONFIG = 4;
/** Maximum number of new rejections and warnings of one set that are described; the others are counted. */
const MAX_DESCRIBED = 100;

/** A set that was read. */
export interface EngineSet {
  readonly specs: readonly HealthcheckSpec[];
  /** Ids of rejected configs; undefined stands for those whose id could not be read. */
  readonly rejected: ReadonlySet<HealthcheckId | undefined>;
  readonly rejections: number;
  /** Rejections and warnings that were not in the last set, as sentences; at most 100. */
  readonly messages: readonly string[];
  /** Number of those that are not described. */
  readonly undescribed: number;
}

/** A config that was read before. */
interface KnownConfig {
  readonly config: Config;
  readonly spec: HealthcheckSpec;
}

/** Reads sets; one at a time. */
export class EngineConfigReader {
  readonly #defaults: CheckDefaults;
  #before: Reading | undefined;

  /** @param defaults - of the server, for what the engine's configs leave open */
  constructor(defaults: CheckDefaults) {
    this.#defaults = defaults;
  }

  /** Reads one set, in time slices. */
  async read(entries: readonly EngineEntry[]): Promise<EngineSet> {
    const before = this.#before;
    const reading = new Reading(this.#defaults, before?.known);
    const slice = new Slice();
    for (const entry of entries) {
      reading.take(entry);
      if (slice.isOverAfter(STEPS_PER_CONFIG)) await slice.next();
    }
    this.#before = reading.withoutBefore();
    const { known, rejected, rejections } = reading;
    const messages = [...reading.messages].filter((message) => before?.messages.has(message) !== true);
    return {
      specs: Array.from(known.values(), ({ spec }) => spec),
      rejected,
      rejections,
      messages: messages.slice(0, MAX_DESCRIBED),
      undescribed: Math.max(0, messages.length - MAX_DESCRIBED),
    };
  }
}

/** One set while it is read, and the part that the next one needs of it. */
class Reading {
  /** Valid configs by id. */
  readonly known = new Map<unknown, KnownConfig>();
  readonly rejected = new Set<HealthcheckId | undefined>();
  /** All rejections and warnings: the engine sends its set in another order each time. */
  readonly messages = new Set<string>();
  rejections = 0;
  readonly #defaults: CheckDefaults;
  #before: ReadonlyMap<unknown, KnownConfig> | undefined;

  /** @param before - the valid configs of the set before */
  constructor(defaults: CheckDefaults, before: ReadonlyMap<unknown, KnownConfig> | undefined) {
    this.#defaults = defaults;
    this.#before = before;
  }

  /** Releases the set before, which is needed only while this one is read. */
  withoutBefore(): this {
    this.#before = undefined;
    return this;
  }

  /** Reads one entry of the set. */
  take(entry: EngineEntry): void {
    const read = readEntry(entry);
    if (!read.ok) {
      this.#reject(read.id, read.faults);
      return;
    }
    const { config } = read;
    const before = this.#before?.get(config["id"]);
    if (before !== undefined && Bun.deepEquals(before.config, config)) this.known.set(config["id"], before);
    else this.#validate(config);
  }

  #validate(config: Config): void {
    const read = readConfig(config, "wire", this.#defaults);
    if (!read.ok) {
      this.#reject(read.id, read.faults);
      return;
    }
    const { spec, warnings } = read;
    if (warnings.length > 0) this.#describe(`Configuration warning: healthcheck ${spec.id}`, warnings);
    this.known.set(config["id"], { config, spec });
  }

  #reject(id: HealthcheckId | undefined, faults: readonly FieldProblem[]): void {
    this.rejections++;
    this.rejected.add(id);
    const name = id === undefined ? "a healthcheck without a valid id" : `healthcheck ${id}`;
    this.#describe(`Configuration error: ${name} rejected`, faults);
  }

  #describe(what: string, problems: readonly FieldProblem[]): void {
    this.messages.add(`${what}: ${problems.map(formatProblem).join("; ")}`);
  }
}
