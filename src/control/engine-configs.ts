/** Reads the sets of the engine, one after the other. A config that is the same as in the last set is not validated again. */
import type { CheckDefaults } from "../model/check-defaults.ts";
import type { HealthcheckId } from "../model/id.ts";
import type { HealthcheckSpec } from "../model/spec.ts";
import { readConfig } from "../protocol/healthcheck.ts";
import type { Config } from "../rpc/engine-fields.ts";
import { type EngineEntry, readEntry } from "../rpc/engine-set.ts";
import { type FieldProblem, formatProblem } from "../schema/problem.ts";
import { forEachSliced } from "../system/time-slicing.ts";

/** Maximum number of rejections and warnings of one set that are described; the others are counted. */
const MAX_DESCRIBED = 100;

/** A set that was read. */
export interface EngineSet {
  readonly specs: readonly HealthcheckSpec[];
  /** Ids of rejected configs; undefined stands for those whose id could not be read. */
  readonly rejected: ReadonlySet<HealthcheckId | undefined>;
  readonly rejections: number;
  /** Rejections and warnings that were not in the last set, as sentences; at most 100. */
  readonly messages: readonly string[];
}

/** A config that was read before. */
interface KnownConfig {
  readonly config: Config;
  readonly spec: HealthcheckSpec;
}

/** Reads sets; one at a time. */
export class EngineConfigReader {
  readonly #defaults: CheckDefaults;
  #known = new Map<bigint, KnownConfig>();
  #messages: ReadonlySet<string> = new Set();

  /** @param defaults - of the server, for what the engine's configs leave open */
  constructor(defaults: CheckDefaults) {
    this.#defaults = defaults;
  }

  /** Reads one set, in time slices. */
  async read(entries: readonly EngineEntry[]): Promise<EngineSet> {
    const known = new Map<bigint, KnownConfig>();
    const messages = new Set<string>();
    const rejected = new Set<HealthcheckId | undefined>();
    let rejections = 0;
    const describe = (what: string, problems: readonly FieldProblem[]) => {
      if (messages.size < MAX_DESCRIBED) messages.add(`${what}: ${problems.map(formatProblem).join("; ")}`);
    };
    const reject = (id: HealthcheckId | undefined, problems: readonly FieldProblem[]) => {
      rejections++;
      rejected.add(id);
      describe(`healthcheck ${id ?? "without a valid id"} rejected`, problems);
    };
    await forEachSliced(entries, (entry) => {
      const read = readEntry(entry);
      if (!read.ok) {
        reject(read.id, read.faults);
        return;
      }
      const { config } = read;
      const key = keyOf(config);
      const before = this.#known.get(key);
      if (before !== undefined && Bun.deepEquals(before.config, config)) {
        known.set(key, before);
        return;
      }
      const validated = readConfig(config, "wire", this.#defaults);
      if (!validated.ok) {
        reject(validated.id, validated.faults);
        return;
      }
      const { spec, warnings } = validated;
      if (warnings.length > 0) describe(`healthcheck ${spec.id}`, warnings);
      known.set(key, { config, spec });
    });
    const fresh = [...messages].filter((message) => !this.#messages.has(message));
    this.#known = known;
    this.#messages = messages;
    return { specs: Array.from(known.values(), ({ spec }) => spec), rejected, rejections, messages: fresh };
  }
}

function keyOf({ id }: Config): bigint {
  return typeof id === "bigint" ? id : 0n;
}
