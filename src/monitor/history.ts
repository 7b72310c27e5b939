/**
 * The last results of one healthcheck, for whoever looks at it. Ten thousand of them are kept: numbers lie in typed arrays and
 * sentences are shared, about 1 kB each.
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

/** So many results are kept. */
export const HISTORY_LENGTH = 20;

/** One of them. */
export interface PastResult {
  /** Wall-clock start, milliseconds since 1970. */
  readonly atMs: number;
  /** Undefined when the check was inconclusive. */
  readonly durationMs: number | undefined;
  /** How long after its due time it started. */
  readonly latenessMs: number;
  readonly outcome: CheckResult["outcome"];
  readonly code: CheckResult["code"];
  readonly cause: LocalCause | undefined;
  /** A sentence, without the code. */
  readonly message: string;
  readonly phases: Phases;
}

/** Numbers of every result: lateness, duration and the time to connect; what is absent is NaN. */
const STRIDE = 3;
/** The other phases; a plain TCP check, the most frequent one, never has them. */
const OTHERS = PHASES.filter(({ key }) => key !== "connectMs");

/** What a result was, as one small number. */
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

/** See the head of the file. */
export class History {
  readonly #atMs = new Float64Array(HISTORY_LENGTH);
  readonly #numbers = new Float32Array(HISTORY_LENGTH * STRIDE);
  #others: Float32Array | undefined;
  readonly #kinds = new Uint8Array(HISTORY_LENGTH);
  readonly #messages: string[] = [];
  /** Results ever; the newest is in the slot before this one. */
  #count = 0;

  /** How many there are. */
  get length(): number {
    return Math.min(this.#count, HISTORY_LENGTH);
  }

  /** Puts in a result; the oldest goes. */
  put(result: CheckResult, atMs: number, latenessMs: number): void {
    const slot = this.#count % HISTORY_LENGTH;
    const before = this.#messages[(slot + HISTORY_LENGTH - 1) % HISTORY_LENGTH];
    this.#count++;
    this.#atMs[slot] = atMs;
    const conclusive = result.outcome !== "inconclusive";
    this.#kinds[slot] = KIND_NUMBERS.get(conclusive ? result.code : result.cause) ?? 0;
    // The same sentence again is the same string: ten thousand times twenty copies would be a lot.
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

  /** The newest one's code and sentence; empty before the first. */
  get lastWords(): string {
    if (this.#count === 0) return "";
    const slot = this.#slot(0);
    return `${KINDS[this.#kinds[slot] ?? 0]?.code} ${this.#messages[slot]}`;
  }

  /** Duration and outcome of each, oldest first: what a small plot shows. */
  *outline(): Generator<Pick<PastResult, "durationMs" | "outcome">> {
    for (let back = this.length - 1; back >= 0; back--) {
      const slot = this.#slot(back);
      const outcome = KINDS[this.#kinds[slot] ?? 0]?.outcome ?? "inconclusive";
      yield { durationMs: present(this.#numbers[slot * STRIDE + 1]), outcome };
    }
  }

  /** @param back - 0 for the newest, up to {@link length} - 1 for the oldest */
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

  /** Newest first. */
  *[Symbol.iterator](): Iterator<PastResult> {
    for (let back = 0; back < this.length; back++) {
      const past = this.at(back);
      if (past !== undefined) yield past;
    }
  }
}

/** What was not measured is NaN. */
function present(number: number | undefined): number | undefined {
  return number === undefined || Number.isNaN(number) ? undefined : number;
}
