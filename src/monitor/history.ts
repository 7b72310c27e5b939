/**
 * The last results of one healthcheck, for the status page. There may be 10,000 histories: numbers are in typed arrays and
 * messages are shared, about 1 kB per healthcheck.
 */
import { PHASES } from "../model/phases.ts";
import {
  type CheckResult,
  FAILURE_CODES,
  LOCAL_CAUSES,
  type LocalCause,
  type Phases,
  SUCCESS_CODES,
} from "../model/result.ts";

/** Number of results that are kept. */
export const HISTORY_LENGTH = 20;

/** A past result. */
export interface PastResult {
  /** Wall-clock start, milliseconds since 1970. */
  readonly atMs: number;
  /** Undefined if the check was inconclusive. */
  readonly durationMs: number | undefined;
  /** Milliseconds from the check's due time to its start. */
  readonly latenessMs: number;
  readonly outcome: CheckResult["outcome"];
  readonly code: CheckResult["code"];
  readonly cause: LocalCause | undefined;
  /** A sentence, without the code. */
  readonly message: string;
  readonly phases: Phases;
}

/** Numbers per result: lateness, duration and the time to connect; NaN for a number that is absent. */
const STRIDE = 3;
/** The phases besides connecting; a plain TCP check, the most frequent one, has none of them. */
const OTHERS = PHASES.filter(({ key }) => key !== "connectMs");

/** Kind of a result, stored as one small number. */
interface Kind {
  readonly outcome: CheckResult["outcome"];
  readonly code: CheckResult["code"];
  readonly cause: LocalCause | undefined;
}

const KINDS: readonly Kind[] = [
  ...SUCCESS_CODES.map((code) => ({ outcome: "success", code, cause: undefined }) as const),
  ...FAILURE_CODES.map((code) => ({ outcome: "failure", code, cause: undefined }) as const),
  ...LOCAL_CAUSES.map((cause) => ({ outcome: "inconclusive", code: "LOCAL", cause }) as const),
];
const KIND_NUMBERS = new Map(KINDS.map(({ code, cause }, number) => [cause ?? code, number]));

/** Ring of the last {@link HISTORY_LENGTH} results. */
export class History {
  readonly #atMs = new Float64Array(HISTORY_LENGTH);
  readonly #numbers = new Float32Array(HISTORY_LENGTH * STRIDE);
  #others: Float32Array | undefined;
  readonly #kinds = new Uint8Array(HISTORY_LENGTH);
  readonly #messages: string[] = [];
  /** Total number of results; the newest is in the slot before this one. */
  #count = 0;

  /** Number of results that are kept. */
  get length(): number {
    return Math.min(this.#count, HISTORY_LENGTH);
  }

  /** Adds a result, in place of the oldest. */
  put(result: CheckResult, atMs: number, latenessMs: number): void {
    const slot = this.#count % HISTORY_LENGTH;
    const before = this.#messages[(slot + HISTORY_LENGTH - 1) % HISTORY_LENGTH];
    this.#count++;
    this.#atMs[slot] = atMs;
    const conclusive = result.outcome !== "inconclusive";
    this.#kinds[slot] = KIND_NUMBERS.get(conclusive ? result.code : result.cause) ?? 0;
    // A repeated message is the same string: 10,000 times twenty copies would be too much.
    this.#messages[slot] = before === result.message ? before : result.message;
    const phases: Phases = conclusive ? result.phases : {};
    const numbers = this.#numbers;
    const at = slot * STRIDE;
    numbers[at] = latenessMs;
    numbers[at + 1] = conclusive ? result.durationMs : Number.NaN;
    numbers[at + 2] = phases.connectMs ?? Number.NaN;
    this.#putOthers(slot, phases);
  }

  #putOthers(slot: number, { resolveMs, tlsMs, firstByteMs, transferMs }: Phases): void {
    const none = (resolveMs ?? tlsMs ?? firstByteMs ?? transferMs) === undefined;
    if (none && this.#others === undefined) return;
    this.#others ??= new Float32Array(HISTORY_LENGTH * OTHERS.length).fill(Number.NaN);
    // In the order of PHASES; without a loop, because this is the hot path.
    const at = slot * OTHERS.length;
    this.#others[at] = resolveMs ?? Number.NaN;
    this.#others[at + 1] = tlsMs ?? Number.NaN;
    this.#others[at + 2] = firstByteMs ?? Number.NaN;
    this.#others[at + 3] = transferMs ?? Number.NaN;
  }

  /** Code and message of the newest result; empty before the first. */
  get lastMessage(): string {
    if (this.#count === 0) return "";
    const slot = this.#slot(0);
    return `${KINDS[this.#kinds[slot] ?? 0]?.code} ${this.#messages[slot]}`;
  }

  /** Returns duration and outcome of each result, oldest first, for a small plot. */
  *outline(): Generator<Pick<PastResult, "durationMs" | "outcome">> {
    for (let back = this.length - 1; back >= 0; back--) {
      const slot = this.#slot(back);
      const outcome = KINDS[this.#kinds[slot] ?? 0]?.outcome ?? "inconclusive";
      yield { durationMs: present(this.#numbers[slot * STRIDE + 1]), outcome };
    }
  }

  /** Returns one result. @param back - 0 for the newest, up to {@link length} - 1 for the oldest */
  at(back: number): PastResult | undefined {
    if (back < 0 || back >= this.length) return undefined;
    const slot = this.#slot(back);
    const number = (place: number) => present(this.#numbers[slot * STRIDE + place]);
    const kind = KINDS[this.#kinds[slot] ?? 0];
    if (kind === undefined) return undefined;
    return {
      ...kind,
      atMs: this.#atMs[slot] ?? 0,
      latenessMs: number(0) ?? 0,
      durationMs: number(1),
      message: this.#messages[slot] ?? "",
      phases: this.#phases(slot),
    };
  }

  #slot(back: number): number {
    return (this.#count - 1 - back) % HISTORY_LENGTH;
  }

  #phases(slot: number): Phases {
    const others = OTHERS.map(
      ({ key }, index) => [key, present(this.#others?.[slot * OTHERS.length + index])] as const,
    );
    const connect = ["connectMs", present(this.#numbers[slot * STRIDE + 2])] as const;
    return Object.fromEntries([connect, ...others].filter(([, ms]) => ms !== undefined));
  }

  /** Iterates over the results, newest first. */
  *[Symbol.iterator](): Iterator<PastResult> {
    for (let back = 0; back < this.length; back++) {
      const past = this.at(back);
      if (past !== undefined) yield past;
    }
  }
}

/** Returns undefined for NaN, which stands for a number that was not measured. */
function present(number: number | undefined): number | undefined {
  return number === undefined || Number.isNaN(number) ? undefined : number;
}
